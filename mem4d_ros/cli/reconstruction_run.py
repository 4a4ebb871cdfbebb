"""What `mem4d reconstruct` does: a source's frames through the network into a folder."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch

import mem4d_ros
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.frame_progress import FrameProgress
from mem4d_ros.cli.interruption import stop_on_request
from mem4d_ros.cli.models import load_model
from mem4d_ros.datasets import FrameError, Sample, SampleStream, open_samples
from mem4d_ros.model import Mem4D
from mem4d_ros.runtime import (
    DeviceUnavailable,
    FrameRejected,
    OnlineReconstructor,
    PointFilter,
    make_pose_source,
    select_device,
    select_precision,
)
from mem4d_ros.runtime.export import RecordFolder, VoxelCloud, write_ply
from mem4d_ros.runtime.export.bag import write_bag
from mem4d_ros.runtime.export.session import ExportSession
from mem4d_ros.runtime.saved_stream import SavedStreamError
from mem4d_ros.viz import summary_picture

SETTINGS = "run.json"
SUMMARY_FRAMES = 4
SUMMARY_POSES = 2000


def reconstruct(options: argparse.Namespace) -> int:
    """Reconstruct as the command line says."""
    try:
        stream = open_samples(options.source, options.dataset, options.topic)
        session = open_session(options)
        total = expected_frames(stream, options)
        failure = None
        with stop_on_request() as should_stop:
            try:
                process_frames(session, stream, options, total, should_stop)
                session.save()
            except FrameError as error:
                failure = str(error)
                session.save()
            except FrameRejected as error:  # the stream's state is gone: the saved one stays
                failure = str(error)
            if len(session.records):
                write_results(options.out, session.records, options.voxel)
    except (DeviceUnavailable, FrameError, OSError, SavedStreamError, ValueError) as error:
        raise UserError(str(error)) from error
    done = len(session.records)
    if failure is not None:
        raise UserError(f"{failure}; the {done} frames before it are kept in {options.out}")
    if should_stop() and done != total:
        print(f"stopped: {done} frames are in {options.out}, --resume goes on")
    else:
        print(f"{done} frames are in {options.out}")
    return 0


def open_session(options: argparse.Namespace) -> ExportSession:
    """The network, its stream and the folder, new or as it was left."""
    device = select_device(options.device)
    precision = select_precision(options.precision, device)
    model = load_model(options)
    keep = PointFilter(min_confidence=options.min_confidence, max_range=options.max_range)
    claim_folder(options.out, run_settings(options, model, device, precision), options.resume)
    reconstructor = OnlineReconstructor(
        model.to(device),
        model.config.image_size,
        model.config.memory,
        device,
        precision,
        make_pose_source(options.pose_source, default=model.config.pose_source),
    )
    return ExportSession(reconstructor, options.out, keep, device)


def run_settings(
    options: argparse.Namespace, model: Mem4D, device: torch.device, precision: torch.dtype
) -> dict[str, object]:
    """All that the records depend on, as plain data."""
    named = ("dataset", "topic", "stride", "rate", "pose_source", "min_confidence", "max_range")
    return {
        "version": mem4d_ros.__version__,
        "source": str(options.source.resolve()),
        **{name: getattr(options, name) for name in named},
        "network": model.config.to_dict(),
        "weights_sha256": digest(model),
        "device": device.type,
        "precision": str(precision).removeprefix("torch."),
    }


def digest(model: Mem4D) -> str:
    """SHA-256 of all weights."""
    total = hashlib.sha256()
    for name, weight in model.state_dict().items():
        total.update(name.encode())
        total.update(np.ascontiguousarray(weight.numpy()).data)
    return total.hexdigest()


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
    before = json.loads(path.read_text(encoding="utf-8"))
    differing = [name for name in plain if plain[name] != before.get(name)]
    if differing:
        name = differing[0]
        raise UserError(
            f"{folder} was begun with {name} {before.get(name)!r}, now it is {plain[name]!r}:"
            " give the same, or a new folder"
        )


def expected_frames(stream: SampleStream, options: argparse.Namespace) -> int | None:
    """How many frames there will be, None where only reading tells."""
    if stream.length is None:
        return options.frames
    available = -(-stream.length // options.stride)
    return min(available, options.frames or available)


def process_frames(
    session: ExportSession,
    stream: SampleStream,
    options: argparse.Namespace,
    total: int | None,
    should_stop: Callable[[], bool],
) -> None:
    """Reconstruct what is not yet in the folder."""
    done = len(session.records)
    progress = FrameProgress(total, done, sys.stderr)
    try:
        for index, sample in numbered(stream, done, options.stride, options.frames):
            if should_stop():
                return
            stamp_s = index / options.rate if sample.stamp_s is None else sample.stamp_s
            try:
                session.process(sample.image, sample.name, round(stamp_s * 1e9), sample.intrinsics)
            except FrameRejected as error:
                raise FrameRejected(f"{stream.name}, {sample.name}: {error}") from error
            progress.advance()
    finally:
        progress.end()


def numbered(
    stream: SampleStream, done: int, stride: int, frames: int | None
) -> Iterator[tuple[int, Sample]]:
    """Each sample that is taken and not yet done, with its number in the source."""
    end = None if frames is None else frames * stride
    return islice(enumerate(stream), done * stride, end, stride)


def write_results(out: Path, records: RecordFolder, voxel_m: float) -> None:
    """Write what all records make together: static cloud, bag and summary."""
    print(f"writing static_cloud.ply, bag and summary.png of {len(records)} frames", flush=True)
    voxels = VoxelCloud(voxel_m)
    for record in records:
        voxels.integrate(record.points)
    cloud = voxels.points()
    write_ply(out / "static_cloud.ply", cloud)
    write_bag(out / "bag", records, cloud)
    chosen = set(np.linspace(0, len(records) - 1, SUMMARY_FRAMES).round().astype(int).tolist())
    _, poses = records.trajectory(SUMMARY_POSES)
    picture = summary_picture(list(records.select(chosen)), cloud, poses)
    path = out / "summary.png"
    if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{path} cannot be written")
