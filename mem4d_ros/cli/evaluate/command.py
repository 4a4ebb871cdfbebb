"""`mem4d eval`: errors on sequences with known truth, by the protocols of the field."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.evaluate.data import PROCEDURAL
from mem4d_ros.cli.models import add_model_options
from mem4d_ros.datasets import DATASETS
from mem4d_ros.evaluation.depth import ALIGNMENTS
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

EXTRA = ("evo", "matplotlib", "small_gicp")
"""Packages that poses, pictures and clouds need beyond those of the library."""
HEAD = "head"
"""The cheapest source of poses."""
HELP = {
    "depth": "video depth: AbsRel and delta<1.25 (the paper's table 1)",
    "pose": "camera pose: ATE and RPE after Sim(3) (table 2)",
    "recon": "reconstruction: accuracy, completeness, normal consistency (table 3)",
}


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand and one of its own for each kind of error."""
    parser = commands.add_parser("eval", help=__doc__.split(": ", 1)[1].rstrip("."))
    measures = parser.add_subparsers(dest="measure", required=True, metavar="MEASURE")
    depth, pose, recon = (measures.add_parser(name, help=text) for name, text in HELP.items())
    for measure in (depth, pose, recon):
        _add_data_options(measure)
        add_model_options(measure)
        _add_run_options(measure)
    depth.add_argument(
        "--align",
        nargs="+",
        choices=tuple(ALIGNMENTS),
        default=["scale", "metric"],
        help="how depth is aligned before it is compared, each sequence as a whole",
    )
    for measure in (pose, recon):
        measure.add_argument(
            "--pose-source", choices=CHOICES, default=AUTO, help="auto: the network's own"
        )
    depth.add_argument(
        "--pose-source",
        choices=CHOICES,
        default=HEAD,
        help="geometry tells the network of its landmarks; depth does not depend on the others",
    )


def run(options: argparse.Namespace) -> int:
    """Evaluate; what only some measures need is loaded only now."""
    try:
        from mem4d_ros.cli.evaluate.run import evaluate

        return evaluate(options)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        raise UserError(
            f"this needs the package {package}: pip install 'mem4d_ros[evaluation]'"
        ) from error


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("data")
    data.add_argument(
        "--dataset",
        choices=(PROCEDURAL, *DATASETS),
        required=True,
        help="its published protocol is used; procedural: held-out scenes, rendered",
    )
    data.add_argument("--root", type=Path, help="the data set's folder, or one sequence's")
    data.add_argument(
        "--sequences", nargs="+", metavar="NAME", help="these instead of the protocol's"
    )
    data.add_argument("--scenes", type=int, default=64, help="procedural: so many scenes")
    data.add_argument("--stride", type=int, help="take every n-th frame; not the protocol's")
    data.add_argument(
        "--frames",
        type=int,
        help="take at most so many; not the protocol's; procedural: render so many (24)",
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--known-intrinsics", action="store_true", help="give the network the true intrinsics"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="write one of each sequence's errors there"
    )
    parser.set_defaults(run=run)
