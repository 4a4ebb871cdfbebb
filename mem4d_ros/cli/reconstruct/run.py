"""What `mem4d reconstruct` does: a source's frames through the network into a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

import mem4d_ros
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import load_named_network, named_camera, named_reconstructor
from mem4d_ros.cli.reconstruct.folder import claim_folder, run_settings
from mem4d_ros.cli.terminal.interruption import stop_on_request
from mem4d_ros.cli.terminal.progress import FrameProgress
from mem4d_ros.cli.terminal.remarks import Remarks
from mem4d_ros.datasets import (
    BadFrame,
    Camera,
    FrameError,
    InOrder,
    Sample,
    SampleStream,
    open_samples,
)
from mem4d_ros.extras import missing
from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.mapping import MapError, StoredMap, load_map, save_map
from mem4d_ros.runtime import ColouredPoints, FrameRejected, NonFiniteOutput, PointFilter
from mem4d_ros.runtime.export import RecordFolder, write_ply
from mem4d_ros.runtime.export.map_server import write_map
from mem4d_ros.runtime.export.saved_stream import SavedStreamError
from mem4d_ros.runtime.export.scene import StaticScene, split_scene
from mem4d_ros.runtime.export.session import ExportSession
from mem4d_ros.runtime.export.skipped import SKIPPED
from mem4d_ros.runtime.occupancy import Grid, OccupancyMapper, OccupancySettings
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings
from mem4d_ros.sensor_messages.remarks import Say
from mem4d_ros.viz import SceneGrowth, growth_picture, plan_picture, summary_picture
from mem4d_ros.writing import write_picture

MAX_VOXELS = 4_000_000
"""Of the static cloud: some 250 MB."""
FEW_RECORDS = 30
"""Of fewer all count, however unsure: they show what they can."""
MAX_NAMED = 5
"""Of frames that cannot be used, on the terminal; the file names all."""
NO_FRAMES = "{} has no images: is it the right source, or the right topic?"
OCCUPANCY = "occupancy.yaml"
SUMMARY = "summary.png"
SUMMARY_FRAMES = 4
SUMMARY_POSES = 2000


def reconstruct(options: argparse.Namespace) -> int:
    """Reconstruct as the command line says."""
    say = Remarks(options.command, sys.stderr)
    camera = named_camera(options)
    try:
        samples = open_samples(options.source, options.dataset, options.topic, say, camera)
        stream = InOrder(samples, say)
        if stream.length == 0:
            raise FrameError(NO_FRAMES.format(options.source))
        session = open_session(options, camera)
        total = expected_frames(stream, options)
        failure = None
        with stop_on_request() as should_stop:
            try:
                process_frames(session, stream, options, total, should_stop, say)
                if should_stop():
                    session.save()
                else:
                    session.finish()
            except FrameError as error:
                failure = str(error)
                session.finish()
            except FrameRejected as error:  # the stream's state is gone: the saved one stays
                failure = str(error)
            if len(session.records):
                write_results(options, session.records, say)
                if options.save_map is not None:
                    save_map(options.save_map, with_origin(session.stored_map(), options))
    except (FrameError, SavedStreamError, MapError, ValueError) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        if error.filename is not None:
            raise
        reason = error.strerror or error  # of a full disk, mostly
        raise UserError(f"{options.out}: {reason}: make room, then --resume goes on") from error
    if failure is not None:
        raise UserError(
            f"{failure}; the {len(session.records)} frames before it are kept in {options.out}"
        )
    return conclude(session, options, should_stop() and session.taken != total)


def conclude(session: ExportSession, options: argparse.Namespace, stopped: bool) -> int:
    """Say what there is now. Raises UserError where that is too little."""
    done, skipped = len(session.records), len(session.skipped)
    result = f"{done} frames are in {options.out}"
    if skipped:
        result += f", {skipped} could not be used and are listed in {SKIPPED}"
    if stopped:
        print(f"stopped: {result}, --resume goes on")
        return 0
    if not session.taken:
        raise UserError(NO_FRAMES.format(options.source))
    if skipped > options.max_bad_ratio * session.taken:
        raise UserError(
            f"{result}: that is more than --max-bad-ratio {options.max_bad_ratio:g} of all allows"
        )
    if done:
        result += f": see {options.out / SUMMARY}, or turn it by: mem4d view {options.out}"
    print(result)
    return 0


def open_session(options: argparse.Namespace, camera: Camera | None) -> ExportSession:
    """The network, its stream and the folder, new or as it was left."""
    network = load_named_network(options)
    keep = PointFilter(min_confidence=options.min_confidence, max_range=options.max_range)
    reconstructor = named_reconstructor(network, options)
    claim_folder(options.out, run_settings(options, network, camera), options.resume)
    if options.map is not None:
        reconstructor.use_map(load_map(options.map), extends=options.save_map is not None)
    return ExportSession(reconstructor, options.out, keep, network.device)


def with_origin(stored: StoredMap, options: argparse.Namespace) -> StoredMap:
    """The map, in the frame that the node gives poses in, and how it was made."""
    origin = {"program": f"mem4d_ros {mem4d_ros.__version__}", "source": options.source.name}
    return replace(stored, frame_from_world=BODY_FROM_OPTICAL, provenance=origin)


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
    say: Say,
) -> None:
    """Reconstruct what is not yet in the folder; frames that cannot be are skipped."""
    done = session.taken
    with shown("reconstruction", total, done) as advance:
        for index, sample in numbered(stream, done, options.stride, options.frames):
            if should_stop():
                return
            try:
                process(session, index, sample, options.rate)
            except NonFiniteOutput as error:
                raise NonFiniteOutput(f"{stream.name}, {sample.name}: {error}") from error
            except (FrameRejected, FrameError) as error:
                session.skip(sample.name, str(error))
                if len(session.skipped) <= MAX_NAMED:
                    say(f"{stream.name}, {sample.name} is left out: {error}")
            advance()


def process(session: ExportSession, index: int, sample: Sample | BadFrame, rate: float) -> None:
    """Reconstruct one frame. Raises FrameError and FrameRejected."""
    if isinstance(sample, BadFrame):
        raise FrameError(sample.reason)
    stamp_s = index / rate if sample.stamp_s is None else sample.stamp_s
    session.process(sample.image, sample.name, round(stamp_s * 1e9), sample.intrinsics)


def numbered(
    stream: SampleStream, done: int, stride: int, frames: int | None
) -> Iterator[tuple[int, Sample | BadFrame]]:
    """Each sample that is taken and not yet done, with its number in the source."""
    end = None if frames is None else frames * stride
    return islice(enumerate(stream), done * stride, end, stride)


def write_results(options: argparse.Namespace, records: RecordFolder, say: Say) -> None:
    """Write what all records make together: what moves, the static cloud, the bag, the summary."""
    settings = StaticMapSettings(
        voxel_size_m=options.voxel,
        max_voxels=MAX_VOXELS,
        max_range_m=options.max_range,
        min_confidence=options.min_confidence,
        min_frames=min(len(records), StaticMapSettings.min_frames),
        full_confidence=1 if len(records) < FEW_RECORDS else StaticMapSettings.full_confidence,
    )
    growth = SceneGrowth(len(records))
    with shown("static and moving", len(records)) as advance:

        def follow(static_map: StaticMap) -> None:
            if growth.wants_next():
                growth.keep(static_map.points())
            advance()

        scene = split_scene(records, settings, follow)
    cloud = scene.points
    grid = write_occupancy(options.out / OCCUPANCY, scene, say)
    write_ply(options.out / "static_cloud.ply", cloud)
    write_bag(options.out / "bag", records, cloud, say)
    draw_results(options.out, records, cloud, growth, grid)


def draw_results(
    folder: Path,
    records: RecordFolder,
    cloud: ColouredPoints,
    growth: SceneGrowth,
    grid: Grid | None,
) -> None:
    """Write what a person would rather look at: frames, the scene, how it grew, and its plan."""
    chosen = set(np.linspace(0, len(records) - 1, SUMMARY_FRAMES).round().astype(int).tolist())
    frames = list(records.select(chosen))
    _, poses = records.trajectory(SUMMARY_POSES)
    write_picture(folder / SUMMARY, summary_picture(frames, cloud, poses))
    height, width = frames[0].depth.shape
    grown = growth_picture(growth.stages, poses, frames[0].intrinsics, (width, height))
    write_picture(folder / "growth.png", grown)
    if grid is not None:
        plan = plan_picture(grid, cloud, poses, BODY_FROM_OPTICAL)
        write_picture(folder / "plan.png", plan)


def write_occupancy(path: Path, scene: StaticScene, say: Say) -> Grid | None:
    """Write the map to plan in and hand it on, or say that there is none."""
    mapper = OccupancyMapper(OccupancySettings(), up_known=False)
    grid = mapper.grid(scene.points.positions, scene.views, BODY_FROM_OPTICAL)
    if grid is None:
        say(f"no {path.name} is written: no floor was found below the camera")
        for stale in (path, path.with_suffix(".pgm")):
            stale.unlink(missing_ok=True)
    else:
        write_map(path, grid)
    return grid


def write_bag(folder: Path, records: RecordFolder, cloud: ColouredPoints, say: Say) -> None:
    """Write the bag, or say what it needs."""
    try:
        from mem4d_ros.runtime.export import bag_writer
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("rosbags"):
            raise
        needed = missing("rosbags", "a bag for RViz and Foxglove")
        say(f"all but the bag is written: {needed}; --resume then writes it")
        return
    with shown("bag", len(records)) as advance:
        bag_writer.write_bag(folder, records, cloud, advance)


@contextmanager
def shown(label: str, total: int | None, done: int = 0) -> Iterator[Callable[[], None]]:
    """Calls count frames, which are shown on standard error."""
    progress = FrameProgress(label, total, done, sys.stderr)
    try:
        yield progress.advance
    finally:
        progress.end()
