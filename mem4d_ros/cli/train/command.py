"""`mem4d train`: train the network by a config, from the last state saved in DIR."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.parser import positive, summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d train --config training/lite_cpu.yaml --out out/training": "begin, or go on",
    "mem4d train --config training/lite_cpu.yaml --out out/dry --steps 3 --threads 2": "a dry run",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "train",
        help=summary(__doc__),
        description="Train the network. Stopped by Ctrl-C or killed, the same command goes on. "
        "Started by torchrun, its processes share the work.",
        examples=EXAMPLES,
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="a YAML file")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for checkpoint, state and log",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="override one key of the config, such as memory.tdm_size=0; repeatable",
    )
    parser.add_argument("--steps", type=positive, help="step to stop at, for a dry run")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precision", help="auto, fp32 or bf16 instead of the config's")
    parser.add_argument("--threads", type=positive, help="CPU threads of torch")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train; what training needs is loaded only now."""
    from mem4d_ros.cli.train.run import train

    return train(options)
