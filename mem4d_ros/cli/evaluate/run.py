"""What `mem4d eval` does: runs the sequences, shows and keeps their figures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.evaluate.data import open_recordings, selected_frames
from mem4d_ros.cli.evaluate.measure import Measure
from mem4d_ros.cli.evaluate.report import Outcome, conditions, table_header, table_row, write_report
from mem4d_ros.cli.models import load_named_network
from mem4d_ros.cli.terminal.progress import FrameProgress
from mem4d_ros.datasets import FrameError, Recording
from mem4d_ros.evaluation import protocols
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import run_recording
from mem4d_ros.evaluation.protocols import FrameSelection
from mem4d_ros.runtime import FrameRejected, OnlineReconstructor
from mem4d_ros.writing import write_picture


def evaluate(options: argparse.Namespace) -> int:
    """Measure each sequence and go on where one fails; 1 if one did."""
    measure = make_measure(options)
    check_outputs(options)
    recordings, missing = open_recordings(options, measure.protocol.sequences)
    network = load_named_network(options)
    reconstructor = network.reconstructor(options.pose_source)
    print(title(options, measure.protocol.frames))
    print(table_header(measure.columns), flush=True)
    outcome = Outcome()
    for name in missing:
        note_failure(outcome, name, f"not found in {options.root}")
    measure_all(recordings, measure, reconstructor, options, outcome)
    overall = measure.overall(outcome.results) if outcome.results else None
    if overall is not None:
        name = f"all {len(outcome.results)}"
        print(table_row(name, measure.row(overall), measure.columns))
    if options.json is not None:
        given = conditions(options, measure.protocol, network)
        write_report(options.json, given, outcome, overall)
    return 1 if outcome.failed else 0


def make_measure(options: argparse.Namespace) -> Measure[Any, Any]:
    """The measure that the options name, with its protocol; imports only what it needs."""
    if options.measure == "depth":
        from mem4d_ros.cli.evaluate.depth import DepthMeasure

        depth = protocols.depth_protocol(options.dataset)
        depth = replace(depth, frames=selected_frames(depth.frames, options))
        return DepthMeasure(depth, options.align)
    if options.measure == "pose":
        from mem4d_ros.cli.evaluate.pose import PoseMeasure

        pose = protocols.pose_protocol(options.dataset)
        return PoseMeasure(replace(pose, frames=selected_frames(pose.frames, options)))
    from mem4d_ros.cli.evaluate.recon import ReconstructionMeasure

    recon = protocols.reconstruction_protocol(options.dataset)
    return ReconstructionMeasure(replace(recon, frames=selected_frames(recon.frames, options)))


def check_outputs(options: argparse.Namespace) -> None:
    """Find out before hours of work whether its results can be kept."""
    if options.json is not None and not options.json.parent.is_dir():
        raise UserError(f"--json {options.json}: the folder {options.json.parent} does not exist")
    if options.pictures is not None:
        import mem4d_ros.evaluation.pictures  # noqa: F401

        try:
            options.pictures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--pictures {options.pictures}: {error.strerror}") from error


def measure_all(
    recordings: Iterable[Recording],
    measure: Measure[Any, Any],
    reconstructor: OnlineReconstructor,
    options: argparse.Namespace,
    outcome: Outcome,
) -> None:
    """Measure each recording, print its row, draw its picture."""
    for recording in recordings:
        try:
            frames = measure.protocol.frames.of(len(recording))
            steps = run_recording(
                recording, frames, reconstructor, known_intrinsics=options.known_intrinsics
            )
            progress = FrameProgress(recording.name, len(frames), 0, sys.stderr)
            result, evidence = measure.measure(recording.name, progress.over(steps))
        except (FrameError, FrameRejected, NotMeasurable) as error:
            note_failure(outcome, recording.name, str(error))
            continue
        figures = measure.figures(result)
        outcome.results.append(result)
        outcome.sequences.append({"name": recording.name, **figures})
        print(table_row(recording.name, measure.row(figures), measure.columns), flush=True)
        if options.pictures is not None:
            keep_picture(options.pictures, recording.name, measure.picture(result, evidence))


def keep_picture(folder: Path, name: str, picture: np.ndarray) -> None:
    """Write a PNG named after the sequence."""
    try:
        write_picture(folder / f"{name.replace('/', '_')}.png", picture)
    except OSError as error:
        raise UserError(f"--pictures: {error}") from error


def note_failure(outcome: Outcome, name: str, reason: str) -> None:
    """Keep and show that a sequence could not be measured."""
    outcome.failed.append({"name": name, "reason": reason})
    print(f"{name} failed: {reason}", file=sys.stderr)


def title(options: argparse.Namespace, frames: FrameSelection) -> str:
    """What is measured, and on which frames."""
    most = "" if frames.most is None else f", at most {frames.most}"
    return (
        f"{options.measure} on {options.dataset}: stride {frames.stride}, from frame"
        f" {frames.start} on{most}"
    )
