"""`mem4d export`: the network's parts as ONNX files, checked against torch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.models import add_model_options
from mem4d_ros.cli.parser import positive, summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d export": "for images of the usual 4:3 on this machine, where the node finds it",
    "mem4d export --size 256x144 --out engines": "for wide images, into a folder to take along",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "export",
        help=summary(__doc__),
        description="Convert the parts of a network for images of one size to ONNX, where"
        " model.engine of the node finds them, and compare their results and their speed with"
        " torch's. A machine that has ONNX Runtime but not what converts can use a folder that was"
        " written elsewhere with the same version of torch, as model.engine_folder.",
        examples=EXAMPLES,
    )
    add_model_options(parser)
    parser.set_defaults(precision="fp32")
    parser.add_argument("--format", choices=("onnx",), default="onnx", help="format of the files")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where to write (default: mem4d_ros/engines in the user's cache)",
    )
    parser.add_argument(
        "--size",
        metavar="WIDTHxHEIGHT",
        help="size of the network's image in pixels (default: the network's at 4:3)",
    )
    parser.add_argument("--threads", type=positive, help="CPU threads")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Convert; torch is loaded only now."""
    from mem4d_ros.cli.export.run import export

    return export(options)
