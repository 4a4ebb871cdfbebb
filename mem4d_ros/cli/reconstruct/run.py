"""What `mem4d reconstruct` does: a source's frames through the network into a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import mem4d_ros
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import load_named_network, named_camera, named_reconstructor
from mem4d_ros.cli.reconstruct.folder import claim_folder, run_settings
from mem4d_ros.cli.reconstruct.odometry import OdometryBeside
from mem4d_ros.cli.reconstruct.results import SUMMARY, shown, write_results
from mem4d_ros.cli.terminal.interruption import stop_on_request
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
from mem4d_ros.datasets.bag_odometry import BagOdometry
from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.mapping import MapError, StoredMap, check_target, load_map, save_map
from mem4d_ros.runtime import FrameRejected, NonFiniteOutput, PointFilter
from mem4d_ros.runtime.export.saved_stream import SavedStreamError
from mem4d_ros.runtime.export.session import ExportSession
from mem4d_ros.runtime.export.skipped import SKIPPED
from mem4d_ros.sensor_messages.remarks import Say

MAX_NAMED = 5
"""Of frames that cannot be used, on the terminal; the file names all."""
NO_FRAMES = "{} has no images: is it the right source, or the right topic?"


def reconstruct(options: argparse.Namespace) -> int:
    """Reconstruct as the command line says."""
    say = Remarks(options.command, sys.stderr)
    camera = named_camera(options)
    try:
        samples = open_samples(options.source, options.dataset, options.topic, say, camera)
        stream = InOrder(samples, say)
        if stream.length == 0:
            raise FrameError(NO_FRAMES.format(options.source))
        odometry = open_odometry(options, say)
        session = open_session(options, camera)
        total = expected_frames(stream, options)
        failure = None
        with stop_on_request() as should_stop:
            try:
                process_frames(session, stream, odometry, options, total, should_stop, say)
                if should_stop():
                    session.save()
                else:
                    session.finish()
                    say_metres(session, odometry, options, say)
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
    if options.odometry is not None and not reconstructor.poses.keeps_map:
        raise UserError("--odometry: only the pose source geometry goes by one: choose that")
    if options.save_map is not None:
        check_map_to_save(options, reconstructor.poses.keeps_map)
    claim_folder(options.out, run_settings(options, network, camera), options.resume)
    if options.map is not None:
        reconstructor.use_map(load_map(options.map), extends=options.save_map is not None)
    return ExportSession(reconstructor, options.out, keep, network.device)


def check_map_to_save(options: argparse.Namespace, keeps_map: bool) -> None:
    """Raises UserError and MapError where --save-map could not be written at the end."""
    if not keeps_map:
        raise UserError("--save-map: only the pose source geometry has a map: choose that")
    if options.save_map.resolve() == options.out.resolve():
        raise UserError("--save-map and --out are the same folder: give two")
    check_target(options.save_map)


def open_odometry(options: argparse.Namespace, say: Say) -> OdometryBeside:
    """That which the options name, or one that says nothing. Raises FrameError."""
    if options.odometry is None:
        return OdometryBeside(())
    place = None if options.base_to_camera is None else parse_pose(options.base_to_camera)
    return OdometryBeside(BagOdometry(options.source, options.odometry, options.topic, place, say))


def say_metres(
    session: ExportSession, odometry: OdometryBeside, options: argparse.Namespace, say: Say
) -> None:
    """Say where the result is not in the metres of the odometry that was asked for."""
    if options.odometry is None:
        return
    if odometry.asked and not odometry.heard:
        say(f"{options.odometry} has no pose at any image's time: are they of one clock?")
    elif odometry.heard and options.map is None and not session.knows_odometry_metres:
        say(f"metres are the network's: by {options.odometry} the camera went too short a way")


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
    odometry: OdometryBeside,
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
                process(session, index, sample, odometry, options.rate)
            except NonFiniteOutput as error:
                raise NonFiniteOutput(f"{stream.name}, {sample.name}: {error}") from error
            except (FrameRejected, FrameError) as error:
                session.skip(sample.name, str(error))
                if len(session.skipped) <= MAX_NAMED:
                    say(f"{stream.name}, {sample.name} is left out: {error}")
            advance()


def process(
    session: ExportSession,
    index: int,
    sample: Sample | BadFrame,
    odometry: OdometryBeside,
    rate: float,
) -> None:
    """Reconstruct one frame. Raises FrameError and FrameRejected."""
    if isinstance(sample, BadFrame):
        raise FrameError(sample.reason)
    stamp_ns = round(1e9 * (index / rate if sample.stamp_s is None else sample.stamp_s))
    told = odometry.at(stamp_ns)
    session.process(sample.image, sample.name, stamp_ns, sample.intrinsics, told)


def numbered(
    stream: SampleStream, done: int, stride: int, frames: int | None
) -> Iterator[tuple[int, Sample | BadFrame]]:
    """Each sample that is taken and not yet done, with its number in the source."""
    end = None if frames is None else frames * stride
    return islice(enumerate(stream), done * stride, end, stride)
