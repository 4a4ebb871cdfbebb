"""`mem4d eval`: errors on sequences with ground truth, by published protocols."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.choices import ALIGNMENTS, DATASETS, POSE_SOURCES, PROCEDURAL
from mem4d_ros.cli.models import (
    add_camera_option,
    add_memory_options,
    add_model_options,
    add_prior_option,
)
from mem4d_ros.cli.parser import summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

HEAD = "head"
"""The cheapest source of poses."""
HELP = {
    "depth": "video depth: AbsRel and delta<1.25 (the paper's table 1)",
    "pose": "camera pose: ATE and RPE after Sim(3) (table 2)",
    "recon": "reconstruction: accuracy, completeness, normal consistency (table 3)",
}
EXAMPLES = {
    "depth": {
        "mem4d eval depth --dataset procedural --scenes 8": "depth, without any data",
        "mem4d eval depth --dataset sintel --root sintel/ --json depth.json": "depth, as JSON",
        "mem4d eval depth --dataset tum --root rgbd_dataset_freiburg1_xyz/ --evidence-points 300"
        " --pictures out/depth": "told some true depth; with pictures of the errors",
        "mem4d eval depth --dataset procedural --tdm-size 0": "without one of the memories",
    },
    "pose": {
        "mem4d eval pose --dataset tum --root rgbd_dataset_freiburg1_xyz/": "poses of a sequence",
        "mem4d eval pose --dataset tum --root tum/ --pose-source head"
        " --stride 3": "poses by the network's camera head",
    },
    "recon": {
        "mem4d eval recon --dataset 7scenes --root redkitchen/ --frames 50": "the cloud of a scene",
    },
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand and one of its own for each kind of error."""
    parser = commands.add_parser(
        "eval",
        help=summary(__doc__),
        examples={line: meaning for each in EXAMPLES.values() for line, meaning in each.items()},
    )
    measures = parser.add_subparsers(dest="measure", required=True, metavar="MEASURE")
    depth, pose, recon = (
        measures.add_parser(name, help=text, examples=EXAMPLES[name]) for name, text in HELP.items()
    )
    for measure in (depth, pose, recon):
        _add_data_options(measure)
        add_model_options(measure)
        add_prior_option(measure)
        add_memory_options(measure)
        _add_run_options(measure)
    depth.add_argument(
        "--align",
        nargs="+",
        choices=ALIGNMENTS,
        default=["scale", "metric"],
        help="alignment of depth before it is compared, one per sequence",
    )
    _add_evidence_options(depth)
    for measure in (pose, recon):
        measure.add_argument(
            "--pose-source",
            choices=POSE_SOURCES,
            default="auto",
            help="source of camera poses; auto: the one that suits the network",
        )
    depth.add_argument(
        "--pose-source",
        choices=POSE_SOURCES,
        default=HEAD,
        help="geometry tells the network of its landmarks; depth does not depend on the others",
    )


def run(options: argparse.Namespace) -> int:
    """Evaluate; what only some measures need is loaded only now."""
    from mem4d_ros.cli.evaluate.run import evaluate

    return evaluate(options)


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("data")
    data.add_argument(
        "--dataset",
        choices=(PROCEDURAL, *DATASETS),
        required=True,
        help="data set, with its published protocol; procedural: rendered held-out scenes",
    )
    data.add_argument("--root", type=Path, help="folder of the data set or of one sequence")
    data.add_argument(
        "--sequences",
        nargs="+",
        metavar="NAME",
        help="sequences to measure instead of the protocol's",
    )
    data.add_argument("--scenes", type=int, default=64, help="procedural: number of scenes (64)")
    data.add_argument("--stride", type=int, help="take every n-th frame instead of the protocol's")
    data.add_argument(
        "--frames",
        type=int,
        help="maximum number of frames instead of the protocol's; procedural: number (24)",
    )


def _add_evidence_options(parser: argparse.ArgumentParser) -> None:
    evidence = parser.add_argument_group("what the network is told")
    evidence.add_argument(
        "--evidence-points",
        type=int,
        default=0,
        metavar="N",
        help="the depth of N corners in each frame, measured with 4 %% noise and 5 %% outliers",
    )
    evidence.add_argument(
        "--evidence-seed", type=int, default=0, metavar="SEED", help="of the points' errors (0)"
    )
    evidence.add_argument("--true-poses", action="store_true", help="the true poses")
    evidence.add_argument(
        "--single-views",
        action="store_true",
        help="nothing of the frames before: each is a stream of its own",
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    add_camera_option(parser)
    parser.add_argument(
        "--known-intrinsics",
        action=argparse.BooleanOptionalAction,
        help="give the network the true intrinsics; if neither is said, where the data set has them"
        " and the network takes evidence",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="file for the result and all that it takes to repeat it",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="folder for a picture of the errors of each sequence",
    )
    parser.set_defaults(run=run)
