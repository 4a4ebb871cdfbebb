"""Options in which two networks that are compared may differ."""

from __future__ import annotations

import argparse

from mem4d_ros.cli.choices import ENGINES
from mem4d_ros.cli.models import add_memory_options, add_model_options


def add_setting_options(parser: argparse.ArgumentParser) -> None:
    """The network, its memories and its images."""
    add_model_options(parser)
    parser.add_argument(
        "--compile", action="store_true", help="compile parts of the network, as model.compile does"
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="what computes the network's parts, as model.engine of the node",
    )
    parser.add_argument(
        "--no-evidence",
        action="store_true",
        help="give the network images alone; one that takes evidence gets intrinsics, points of"
        " measured depth and a pose otherwise",
    )
    parser.add_argument(
        "--size",
        metavar="WIDTHxHEIGHT",
        help="image size in pixels (default: the network's at 4:3)",
    )
    add_memory_options(parser)
