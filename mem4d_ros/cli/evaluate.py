"""`mem4d eval`: depth and pose errors on a recorded sequence with known truth."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import add_model_options, load_model
from mem4d_ros.datasets import FrameError, Sample, SevenScenes
from mem4d_ros.evaluation.online import SequenceErrors, evaluate_sequence
from mem4d_ros.runtime import DeviceUnavailable, OnlineReconstructor, make_pose_source
from mem4d_ros.runtime.device import PRECISIONS, select_device, select_precision
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

READERS = {"7scenes": SevenScenes}


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("eval", help=__doc__.split(": ", 1)[1].rstrip("."))
    add_model_options(parser)
    parser.add_argument("--dataset", choices=sorted(READERS), default="7scenes")
    parser.add_argument("--root", type=Path, required=True, help="folder of one sequence")
    parser.add_argument("--stride", type=int, default=1, help="take every n-th frame")
    parser.add_argument("--frames", type=int, help="take at most so many")
    parser.add_argument(
        "--pose-source", choices=CHOICES, default=AUTO, help="auto: the network's own"
    )
    parser.add_argument(
        "--known-intrinsics", action="store_true", help="give the network the true intrinsics"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate one sequence and print its errors."""
    model = load_model(options)
    try:
        device = select_device(options.device)
        precision = select_precision(options.precision, device)
        reconstructor = OnlineReconstructor(
            model.to(device),
            model.config.image_size,
            model.config.memory,
            device,
            precision,
            make_pose_source(options.pose_source, default=model.config.pose_source),
        )
        sequence = READERS[options.dataset](options.root)
        samples = islice(sequence, 0, None, options.stride)
        errors = evaluate_sequence(
            sequence.name,
            _counted(islice(samples, options.frames)),
            reconstructor,
            known_intrinsics=options.known_intrinsics,
        )
    except (DeviceUnavailable, FrameError, ValueError) as error:
        raise UserError(str(error)) from error
    print(describe(errors))
    if options.json is not None:
        settings = {name: str(value) for name, value in vars(options).items() if name != "run"}
        result = {"settings": settings, "errors": errors.to_dict()}
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


def _counted(samples: Iterable[Sample]) -> Iterator[Sample]:
    """The samples, with a line of progress on a terminal."""
    for index, sample in enumerate(samples):
        yield sample
        if sys.stderr.isatty():
            print(f"\r{index + 1} frames", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def describe(errors: SequenceErrors) -> str:
    """The result as lines of text."""
    depth, metric, path = errors.depth, errors.depth_metric, errors.trajectory
    return "\n".join(
        [
            f"{errors.name}: {errors.frames} frames, {depth.pixels} pixels with known depth",
            f"depth, one scale ({depth.scale:.3f})  AbsRel {depth.abs_rel:.3f}"
            f"  delta<1.25 {depth.delta_125:.3f}",
            f"depth, metric            AbsRel {metric.abs_rel:.3f}"
            f"  delta<1.25 {metric.delta_125:.3f}",
            f"pose, after Sim(3)       ATE {path.ate_m:.3f} m, {100 * path.ate_share:.2f} % of the"
            f" path's {path.path_m:.2f} m",
            f"pose, frame to frame     RPE {1000 * path.rpe_m:.1f} mm, {path.rpe_deg:.2f} degrees"
            f"  (scale {path.scale:.3f})",
        ]
    )
