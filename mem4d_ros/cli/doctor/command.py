"""`mem4d doctor`: what may be wrong with this machine, its ROS, and its cameras, and what to do."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mem4d_ros.cli.choices import PRESETS
from mem4d_ros.cli.parser import summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d doctor": "everything, in half a minute; best while the cameras run",
    "mem4d doctor --no-ros": "the machine alone",
    "mem4d doctor --json > doctor.json": "for a tool, or for a report",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "doctor",
        help=summary(__doc__),
        description="Check this machine, its ROS, the cameras that it sees and a running node, and"
        " say for each finding what to do. The exit status is 1 if something does not work at all."
        " docs/troubleshooting.md lists symptoms and the findings behind them.",
        examples=EXAMPLES,
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--checkpoint", default="", help="checkpoint to check, a .safetensors file")
    choice.add_argument(
        "--preset", choices=PRESETS, default="lite", help="network to check without --checkpoint"
    )
    parser.add_argument("--device", default="auto", help="device: auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--seconds",
        type=float,
        default=3.0,
        help="how long to listen to the cameras, and to images sent from one process to another",
    )
    parser.add_argument("--no-ros", action="store_true", help="leave out what needs ROS")
    parser.add_argument(
        "--no-loopback",
        action="store_true",
        help="send no images from one process to another, which takes a core of a busy robot",
    )
    parser.add_argument("--no-speed", action="store_true", help="do not time the network")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check; what the checks need is loaded only now."""
    from mem4d_ros.cli.doctor.run import doctor

    return doctor(options)
