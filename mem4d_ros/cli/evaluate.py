"""`mem4d eval`: depth and pose errors on sequences with known truth."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import add_model_options, load_model
from mem4d_ros.datasets import FrameError, ProceduralScene, Recording, Sample, SevenScenes
from mem4d_ros.evaluation.online import SequenceErrors, evaluate_sequence
from mem4d_ros.runtime import DeviceUnavailable, OnlineReconstructor, make_pose_source
from mem4d_ros.runtime.device import PRECISIONS, select_device, select_precision
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

DATASETS = ("7scenes", "procedural")


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("eval", help=__doc__.split(": ", 1)[1].rstrip("."))
    add_model_options(parser)
    parser.add_argument("--dataset", choices=DATASETS, default="7scenes")
    parser.add_argument("--root", type=Path, help="7scenes: folder of one sequence")
    parser.add_argument("--scenes", type=int, default=64, help="procedural: held-out scenes")
    parser.add_argument("--stride", type=int, default=1, help="take every n-th frame")
    parser.add_argument(
        "--frames", type=int, help="take at most so many; procedural: render so many (24)"
    )
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
    """Evaluate each sequence, print its errors and, of several, what they say together."""
    model = load_model(options)
    results = []
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
        for sequence in open_sequences(options):
            samples = islice(islice(sequence, 0, None, options.stride), options.frames)
            errors = evaluate_sequence(
                sequence.name,
                _counted(samples),
                reconstructor,
                known_intrinsics=options.known_intrinsics,
            )
            print(describe(errors), flush=True)
            results.append(errors)
    except (DeviceUnavailable, FrameError, ValueError) as error:
        raise UserError(str(error)) from error
    if len(results) > 1:
        print(describe_all(results))
    if options.json is not None:
        settings = {name: str(value) for name, value in vars(options).items() if name != "run"}
        result = {"settings": settings, "sequences": [errors.to_dict() for errors in results]}
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


def open_sequences(options: argparse.Namespace) -> Iterable[Recording]:
    """The sequences that the options name."""
    if options.dataset == "procedural":
        return [ProceduralScene(i, options.frames or 24) for i in range(options.scenes)]
    if options.root is None:
        raise UserError("--dataset 7scenes needs --root, the folder of a sequence")
    return [SevenScenes(options.root)]


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


def describe_all(results: Sequence[SequenceErrors]) -> str:
    """What several sequences say together; standing still adds an error but no path."""
    path_m = sum(errors.trajectory.path_m for errors in results)
    ate_m = sum(errors.trajectory.ate_m for errors in results)
    mean = statistics.mean
    return "\n".join(
        [
            f"all {len(results)} sequences",
            f"depth, one scale each    AbsRel {mean(e.depth.abs_rel for e in results):.3f}"
            f"  delta<1.25 {mean(e.depth.delta_125 for e in results):.3f}",
            f"depth, metric            AbsRel {mean(e.depth_metric.abs_rel for e in results):.3f}"
            f"  delta<1.25 {mean(e.depth_metric.delta_125 for e in results):.3f}",
            f"pose, after Sim(3)       ATE {ate_m:.3f} m in all, {100 * ate_m / path_m:.2f} % of"
            f" all paths' {path_m:.2f} m",
        ]
    )
