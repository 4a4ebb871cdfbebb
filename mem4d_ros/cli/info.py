"""`mem4d info`: contents of a checkpoint."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.parser import summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d info out/training/checkpoint.safetensors": "its size, how it was made, and its config",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "info",
        help=summary(__doc__),
        description="Print what a checkpoint says of itself. Its weights are not read.",
        examples=EXAMPLES,
    )
    parser.add_argument("checkpoint", type=Path, help="a .safetensors file of this project")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print parameters, notes and config; a file that is no checkpoint says why."""
    from mem4d_ros.model.checkpoint_header import CheckpointError, read_header

    try:
        header = read_header(options.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    print(f"{options.checkpoint}: {header.parameters / 1e6:.2f} M parameters")
    for name, value in sorted(header.notes.items()):
        print(f"{name}: {value}")
    print(f"config: {json.dumps(header.config.to_dict(), indent=2)}")
    return 0
