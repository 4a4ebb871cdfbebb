"""`mem4d`: the network without ROS.

What a command needs is imported when it runs, so that help, version and mistakes come at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import mem4d_ros
from mem4d_ros.cli import (
    bench,
    completion,
    convert,
    doctor,
    evaluate,
    export,
    info,
    reconstruct,
    train,
    view,
)
from mem4d_ros.cli.errors import exit_status
from mem4d_ros.cli.parser import CommandParser
from mem4d_ros.cli.terminal.streams import take_any_text
from mem4d_ros.threads import leave_cores_to_others

COMMANDS = (reconstruct, view, evaluate, train, convert, export, bench, info, doctor, completion)


def build_parser() -> CommandParser:
    """The command and its subcommands, one module each."""
    parser = CommandParser(
        prog="mem4d",
        description="Mem4D: online reconstruction of dynamic scenes (without ROS).",
        epilog="`mem4d COMMAND --help` shows the options of a command, with examples.",
    )
    parser.set_defaults(verbose=False)
    parser.add_argument("--version", action="version", version=f"mem4d {mem4d_ros.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit status."""
    take_any_text()
    given = sys.argv[1:] if arguments is None else arguments
    verbose = "--verbose" in given
    words = [word for word in given if not word.startswith("-")]
    return exit_status(" ".join(["mem4d", *words[:1]]), lambda: run(given), verbose)


def run(arguments: Sequence[str]) -> int:
    """Parse and run."""
    leave_cores_to_others()
    options = build_parser().parse_args(arguments)
    if not options.verbose:  # OpenCV says in words of its own what a command then says in one line
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
