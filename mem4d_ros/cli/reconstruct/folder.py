"""Whose a folder of `mem4d reconstruct` is: one run's, with one run's settings."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import mem4d_ros
from mem4d_ros.cli.errors import UserError
from mem4d_ros.datasets import Camera
from mem4d_ros.evaluation import provenance
from mem4d_ros.runtime.loading import LoadedNetwork

SETTINGS = "run.json"


def run_settings(
    options: argparse.Namespace, network: LoadedNetwork, camera: Camera | None
) -> dict[str, object]:
    """All that the records depend on, as plain data."""
    named = (
        *("dataset", "topic", "odometry", "base_to_camera", "stride", "rate"),
        *("pose_source", "min_confidence", "max_range"),
    )
    weights = provenance.weights(network.checkpoint)
    return {
        "version": mem4d_ros.__version__,
        "source": str(options.source.resolve()),
        **{name: getattr(options, name) for name in named},
        "map": None if options.map is None else str(options.map.resolve()),
        "extends": options.map is not None and options.save_map is not None,
        "camera": None if camera is None else asdict(camera),
        "depth_prior": options.depth_prior and str(options.depth_prior.resolve()),
        "network": network.model.config.to_dict(),
        "weights_sha256": weights["sha256"] if weights else None,
        "device": network.device.type,
        "precision": str(network.precision).removeprefix("torch."),
    }


def claim_folder(folder: Path, settings: dict[str, object], resume: bool) -> None:
    """Make the folder ours: a new or empty one, or one that holds a run with these settings.

    Raises UserError for any other, so that nothing of the user's is overwritten.
    """
    path = folder / SETTINGS
    plain = json.loads(json.dumps(settings))
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        return
    if not path.is_file():
        raise UserError(f"{folder} exists and holds no reconstruction: give a new folder")
    if not resume:
        raise UserError(
            f"{folder} holds a reconstruction: --resume goes on with it, or give a new folder"
        )
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): give a new folder") from error
    differing = [name for name in plain if plain[name] != before.get(name)]
    if differing:
        name = differing[0]
        raise UserError(
            f"{folder} was begun with {name} {before.get(name)!r}, now it is {plain[name]!r}:"
            " give the same, or a new folder"
        )
