"""Which sequences and frames an evaluation is about: the protocol's, as the options change it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mem4d_ros.cli.choices import PROCEDURAL
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import named_camera
from mem4d_ros.datasets import (
    CalibratedRecording,
    Calibration,
    FrameError,
    ProceduralScene,
    Recording,
    open_dataset,
)
from mem4d_ros.evaluation.protocols import FrameSelection, chosen

PROCEDURAL_FRAMES = 24


def selected_frames(selection: FrameSelection, options: argparse.Namespace) -> FrameSelection:
    """The protocol's selection with the options' stride and number of frames."""
    for name in ("stride", "frames", "scenes"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UserError(f"--{name} must be at least 1, got {value}")
    if options.stride is not None:
        selection = replace(selection, stride=options.stride)
    if options.frames is not None and options.dataset != PROCEDURAL:
        selection = replace(selection, most=options.frames)
    return selection


@dataclass(frozen=True)
class Opened:
    """Recordings to measure.

    Attributes:
        recordings: they may come one by one, so that each can be forgotten after its turn.
        count: of them.
        missing: names of those that should be there but are not.
        found: names of all that are there.
    """

    recordings: Iterable[Recording]
    count: int
    missing: Sequence[str] = ()
    found: Sequence[str] = ()


def scene_frames(options: argparse.Namespace) -> int:
    """Of each procedural scene."""
    return options.frames or PROCEDURAL_FRAMES


def open_recordings(options: argparse.Namespace, protocol: Sequence[str]) -> Opened:
    """The recordings to measure; `protocol` are the names that the data set's is about."""
    if options.dataset == PROCEDURAL:
        if options.camera is not None:
            raise UserError("--camera is for recordings: rendered scenes have cameras of their own")
        frames = scene_frames(options)
        scenes = (ProceduralScene(index, frames) for index in range(options.scenes))
        return Opened(scenes, options.scenes)
    camera = named_camera(options)
    if options.root is None:
        raise UserError(f"--dataset {options.dataset} needs --root, its folder")
    try:
        recordings = open_dataset(options.dataset, options.root)
    except FrameError as error:
        raise UserError(str(error)) from error
    # Of the only one there is, its own folder was named, whether the protocol is about it or not.
    wanted = options.sequences or (protocol if len(recordings) > 1 else ())
    found = [recording.name for recording in recordings]
    names, missing = chosen(found, wanted)
    taken = [recording for recording in recordings if recording.name in names]
    if camera is not None:
        calibration = Calibration(camera)
        taken = [CalibratedRecording(recording, calibration) for recording in taken]
    return Opened(taken, len(taken), missing, found)
