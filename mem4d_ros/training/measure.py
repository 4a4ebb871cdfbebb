"""Depth of checkpoints, and of their means, on sequences that no training sees.

    python -m mem4d_ros.training.measure --config training/lite_gpu.yaml
        --set data.live.recordings=out/packed a.safetensors a.safetensors+b.safetensors

What is measured are the ends of the recordings and the sequences in the folder's `held_out`, as an
evaluation of `mem4d train` does.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint
from mem4d_ros.runtime.device import DeviceUnavailable, select_device
from mem4d_ros.training.average import average
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.live import LiveClips
from mem4d_ros.training.held_out_depth import HeldOutDepth


def read_network(names: str) -> Mem4D:
    """The network of a checkpoint, or the mean of several that are joined by '+'.

    Raises CheckpointError, and ValueError for different networks.
    """
    return average([load_checkpoint(Path(name)) for name in names.split("+")])


def held_out_measure(config: TrainingConfig, device: torch.device) -> HeldOutDepth:
    """Measures on what the config's packed recordings keep for it; float32.

    Raises TrainingConfigError where the config has none.
    """
    live = config.data.live
    if live is None or live.recordings is None:
        raise TrainingConfigError("data.live.recordings: there is nothing to measure on without")
    source = LiveClips(replace(live, rendered=None), longest=1, device=device)
    return HeldOutDepth(partial(source.held_out, config.data), torch.float32)


def table(errors: Mapping[str, Mapping[str, float]]) -> str:
    """Lines of a Markdown table: a row for each name, a column for each measure."""
    measures = list(next(iter(errors.values())))
    rows = [["", *measures], ["---"] * (1 + len(measures))]
    rows += [[name, *(f"{of[m]:.3f}" for m in measures)] for name, of in errors.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print AbsRel under one scale, and as predicted, with 0, 100 and 300 known points."""
    parser = argparse.ArgumentParser(prog="measure", description=__doc__)
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT[+CHECKPOINT…]")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args(arguments)
    try:
        device = select_device(options.device)
        measure = held_out_measure(TrainingConfig.load(options.config, options.changes), device)
        networks = ((names, read_network(names)) for names in options.checkpoints)
        print(table({names: measure(network.to(device)) for names, network in networks}))
    except (CheckpointError, DeviceUnavailable, TrainingConfigError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
