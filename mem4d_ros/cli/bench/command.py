"""`mem4d bench`: time, work and memory of one step with full memories."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.bench.options import add_setting_options
from mem4d_ros.cli.choices import CLOCKS
from mem4d_ros.cli.parser import positive, summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d bench": "the network that the node runs, on this machine",
    "mem4d bench --preset large --device cuda --precision bf16": "the paper's network on a GPU",
    "mem4d bench --compare '--precision fp32' --json -": "against a second one, as JSON",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "bench",
        help=summary(__doc__),
        description="Time the steps of a network whose memories are full, as they are after a while"
        " in use.",
        examples=EXAMPLES,
    )
    add_setting_options(parser)
    parser.add_argument(
        "--frames", type=int, default=20, help="number of steps (with --compare: pairs) to time"
    )
    parser.add_argument("--threads", type=positive, help="CPU threads of torch")
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="wall time, or cpu: processor time of all threads",
    )
    parser.add_argument(
        "--compare",
        metavar="OPTIONS",
        help="alternate with a second network, set up like the first except for OPTIONS,"
        " for example '--precision fp32'",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write JSON, to standard output if FILE is -"
    )
    parser.add_argument("--picture", type=png, metavar="FILE", help="draw the times to a PNG file")
    parser.set_defaults(run=run)


def png(text: str) -> Path:
    """The path of a PNG file, for argparse."""
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{text} does not end in .png")
    return path


def run(options: argparse.Namespace) -> int:
    """Measure; torch is loaded only now."""
    from mem4d_ros.cli.bench.run import bench

    return bench(options)
