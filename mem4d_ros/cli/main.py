"""`mem4d`: the network without ROS."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import mem4d_ros
from mem4d_ros.cli import bench, convert, evaluate, info, reconstruct, train
from mem4d_ros.cli.errors import UserError
from mem4d_ros.runtime.host_memory import keep_freed_memory


def build_parser() -> argparse.ArgumentParser:
    """The command and its subcommands, one module each."""
    parser = argparse.ArgumentParser(
        prog="mem4d", description="Mem4D: online reconstruction of dynamic scenes (without ROS)."
    )
    parser.add_argument("--version", action="version", version=f"mem4d {mem4d_ros.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (bench, convert, evaluate, info, reconstruct, train):
        module.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; what the user can mend ends in one line and exit status 1."""
    options = build_parser().parse_args(arguments)
    keep_freed_memory()
    try:
        return options.run(options)
    except UserError as error:
        print(f"mem4d {options.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
