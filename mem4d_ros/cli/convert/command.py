"""`mem4d convert`: CUT3R's image encoder, from its public checkpoint, for training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.convert.notice import NOTICE
from mem4d_ros.cli.parser import summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d convert cut3r_512_dpt_4_64.pth cut3r_encoder.safetensors": "for training"
    " by training/large_paper.yaml",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "convert",
        help=summary(__doc__),
        description="Take the image encoder out of CUT3R's public checkpoint "
        "(cut3r_512_dpt_4_64.pth), as `encoder` of a training config reads it. "
        f"{NOTICE}.",
        examples=EXAMPLES,
    )
    parser.add_argument("checkpoint", type=Path, help="CUT3R's .pth file")
    parser.add_argument("encoder", type=Path, help="the .safetensors file to write")
    parser.add_argument("--names", action="store_true", help="print the name of every tensor")
    parser.add_argument(
        "--any-size", action="store_true", help="accept an encoder that is not the one of `large`"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Convert; torch is loaded only now."""
    from mem4d_ros.cli.convert.run import convert

    return convert(options)
