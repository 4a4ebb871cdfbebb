"""Options by which a command is told its model."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from mem4d_ros.cli.errors import UserError
from mem4d_ros.model import PRESETS, Mem4D
from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """`--checkpoint`, or `--preset` with random weights."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--checkpoint", type=Path, help="a safetensors checkpoint of this project")
    choice.add_argument(
        "--preset", choices=sorted(PRESETS), default="lite", help="random weights of this size"
    )


def load_model(options: argparse.Namespace) -> Mem4D:
    """The model that the options name, on the CPU, in evaluation mode."""
    if options.checkpoint is None:
        torch.manual_seed(0)
        return Mem4D(PRESETS[options.preset]).eval()
    try:
        return load_checkpoint(options.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
