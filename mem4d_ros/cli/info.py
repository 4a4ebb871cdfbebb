"""`mem4d info`: contents of a checkpoint."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.errors import UserError
from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint, read_metadata

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("info", help=__doc__.split(": ", 1)[1].rstrip("."))
    parser.add_argument("checkpoint", type=Path)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print parameters, notes and config; a checkpoint that cannot be used says why."""
    try:
        model = load_checkpoint(options.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    metadata = read_metadata(options.checkpoint)
    del metadata["config"]
    parameters = sum(weight.numel() for weight in model.parameters())
    print(f"{options.checkpoint}: {parameters / 1e6:.2f} M parameters")
    for name, value in sorted(metadata.items()):
        print(f"{name}: {value}")
    print(f"config: {json.dumps(model.config.to_dict(), indent=2)}")
    return 0
