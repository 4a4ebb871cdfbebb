"""Options by which a command is told its model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from mem4d_ros.cli.errors import UserError
from mem4d_ros.model import PRESETS, Mem4D
from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint
from mem4d_ros.model.weights import packaged_weights


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """`--checkpoint`, or `--preset` with the weights that come for it, else random ones."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--checkpoint", type=Path, help="a safetensors checkpoint of this project")
    choice.add_argument(
        "--preset", choices=sorted(PRESETS), default="lite", help="network of this size"
    )


def chosen_checkpoint(options: argparse.Namespace) -> Path | None:
    """The file of weights that the options name; None for a preset that comes without."""
    return options.checkpoint or packaged_weights(options.preset)


def load_model(options: argparse.Namespace) -> Mem4D:
    """The model that the options name, on the CPU, in evaluation mode."""
    checkpoint = chosen_checkpoint(options)
    if checkpoint is None:
        print(f"{options.preset} comes without weights: they are random", file=sys.stderr)
        torch.manual_seed(0)
        return Mem4D(PRESETS[options.preset]).eval()
    try:
        return load_checkpoint(checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
