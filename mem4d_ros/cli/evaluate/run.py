"""What `mem4d eval` does: runs the sequences, shows and keeps their figures."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.cli.choices import PROCEDURAL
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.evaluate.data import (
    Opened,
    open_recordings,
    scene_frames,
    selected_frames,
)
from mem4d_ros.cli.evaluate.measure import Measure
from mem4d_ros.cli.evaluate.report import Outcome, conditions, table_header, table_row, write_report
from mem4d_ros.cli.models import load_named_network, named_memory, named_reconstructor
from mem4d_ros.cli.terminal.progress import FrameProgress
from mem4d_ros.datasets import FrameError
from mem4d_ros.evaluation import protocols
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Told, run_recording
from mem4d_ros.evaluation.protocols import FrameSelection
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import FrameRejected, OnlineReconstructor
from mem4d_ros.writing import write_picture

MAX_NAMED = 5
"""Of the sequences that are there, where another is asked for."""


def evaluate(options: argparse.Namespace) -> int:
    """Measure each sequence and go on where one fails; 1 if one did."""
    measure = make_measure(options)
    check_outputs(options)
    opened = open_recordings(options, measure.protocol.sequences)
    network = load_named_network(options)
    memory = named_memory(options, network.model.config.memory)
    reconstructor = named_reconstructor(network, options, memory)
    told = what_is_told(options, reconstructor.takes_evidence)
    print(title(options, measure.protocol.frames, opened.count, told, memory))
    print(table_header(measure.columns), flush=True)
    outcome = Outcome()
    for name in opened.missing:
        there = ", ".join(opened.found[:MAX_NAMED])
        note_failure(outcome, name, f"not found in {options.root}, which has {there}")
    measure_all(opened, measure, reconstructor, told, options.pictures, outcome)
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
    if options.json is not None and options.json.is_dir():
        raise UserError(f"--json {options.json}: is a folder: name a file in it")
    if options.pictures is not None:
        import mem4d_ros.evaluation.pictures  # noqa: F401

        try:
            options.pictures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--pictures {options.pictures}: {error.strerror}") from error


def measure_all(
    opened: Opened,
    measure: Measure[Any, Any],
    reconstructor: OnlineReconstructor,
    told: Told,
    pictures: Path | None,
    outcome: Outcome,
) -> None:
    """Measure each recording, print its row, draw its picture."""
    for number, recording in enumerate(opened.recordings, 1):
        try:
            frames = measure.protocol.frames.of(len(recording))
            steps = run_recording(recording, frames, reconstructor, told)
            label = f"{recording.name} ({number} of {opened.count})"
            progress = FrameProgress(label, len(frames), 0, sys.stderr)
            progress.begin()
            result, evidence = measure.measure(recording.name, progress.over(steps))
        except (FrameError, FrameRejected, NotMeasurable) as error:
            note_failure(outcome, recording.name, str(error))
            continue
        figures = measure.figures(result)
        outcome.results.append(result)
        outcome.sequences.append({"name": recording.name, **figures})
        print(table_row(recording.name, measure.row(figures), measure.columns), flush=True)
        if figures.get("uncounted"):
            print(
                f"  frames without truth, run but not counted: {figures['uncounted']}", flush=True
            )
        if pictures is not None:
            keep_picture(pictures, recording.name, measure.picture(result, evidence))


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


def what_is_told(options: argparse.Namespace, takes_evidence: bool) -> Told:
    """What of the truth the network is told. Raises UserError for what it does not take."""
    intrinsics = options.known_intrinsics
    if options.measure != "depth":
        return Told(intrinsics=intrinsics)
    if options.evidence_points < 0:
        raise UserError(f"--evidence-points must be at least 0, got {options.evidence_points}")
    if (options.evidence_points or options.true_poses) and not takes_evidence:
        raise UserError(
            "this network takes no evidence, as the paper's takes none: leave out"
            " --evidence-points and --true-poses"
        )
    return Told(
        intrinsics=intrinsics,
        points=options.evidence_points,
        poses=options.true_poses,
        single_views=options.single_views,
        seed=options.evidence_seed,
    )


def title(
    options: argparse.Namespace,
    frames: FrameSelection,
    count: int,
    told: Told,
    memory: MemorySizes,
) -> str:
    """What is measured, on how many sequences and frames, what the network is told and keeps."""
    sequences = "1 sequence" if count == 1 else f"{count} sequences"
    if options.dataset == PROCEDURAL:
        sequences += f" of {scene_frames(options)} frames, rendered in turn"
    most = "" if frames.most is None else f", at most {frames.most}"
    points = f", {told.points} points of measured depth" if told.points else ""
    poses = ", true poses" if told.poses else ""
    alone = ", each frame alone" if told.single_views else ""
    return (
        f"{options.measure} on {options.dataset}: stride {frames.stride}, from frame"
        f" {frames.start} on{most}{points}{poses}{alone};"
        f" memories {memory}; {sequences}"
    )
