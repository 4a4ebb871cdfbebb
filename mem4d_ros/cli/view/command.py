"""`mem4d view`: a finished reconstruction, or a source that is reconstructed meanwhile."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.choices import DATASETS, POSE_SOURCES
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import add_camera_option, add_model_options
from mem4d_ros.cli.reconstruct.command import count, measure
from mem4d_ros.viewer.options import LOOPBACK, PORT, ViewerOptions

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

EXAMPLES = {
    "mem4d view out/walk": "a folder of `mem4d reconstruct`, with a timeline",
    "mem4d view ~/.ros/mem4d/office": "a map that the node or `mem4d reconstruct` saved",
    "mem4d view walk.mp4": "a video, while it is reconstructed",
    "mem4d view recording/ --topic /camera/image_raw --host 0.0.0.0": "a ROS bag, for every"
    " browser on the network",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "view",
        help="a reconstruction in the browser, finished or while it is made",
        description="Serve a reconstruction to browsers until Ctrl-C. A folder of `mem4d"
        " reconstruct` and a saved map have a timeline; any other source is reconstructed while you"
        " look on.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "source",
        type=Path,
        help="a folder of `mem4d reconstruct`, a saved map, or what is reconstructed: a video,"
        " a folder of images, a ROS bag or a data set's folder",
    )
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"address to listen at ({LOOPBACK}: this machine only)"
    )
    parser.add_argument("--port", type=port, default=PORT, help=f"port ({PORT}); 0: any free one")
    parser.add_argument(
        "--bandwidth",
        type=measure,
        default=ViewerOptions.bytes_per_second / 1e6,
        metavar="MB/S",
        help="megabytes a second to each browser, at most (4)",
    )
    parser.add_argument(
        "--points",
        type=count,
        default=ViewerOptions.most_points,
        help="points of the map that are shown, at most; of a larger one a selection (300000)",
    )
    parser.add_argument("--dataset", choices=sorted(DATASETS), help="layout of SOURCE")
    parser.add_argument("--topic", help="image topic of a bag that has several")
    parser.add_argument("--stride", type=count, default=1, help="take every n-th frame")
    parser.add_argument("--frames", type=count, help="maximum number of frames")
    parser.add_argument(
        "--rate", type=measure, default=30.0, help="frame rate of images without stamps, Hz (30)"
    )
    add_camera_option(parser)
    add_model_options(parser)
    parser.add_argument(
        "--pose-source",
        choices=POSE_SOURCES,
        default="auto",
        help="source of camera poses; auto: the one that suits the network",
    )
    parser.set_defaults(run=run)


def port(text: str) -> int:
    """A port number, for argparse."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 0 to 65535")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Show the source; what only that needs is loaded only now."""
    from mem4d_ros.cli.view.run import view

    if not options.source.exists():
        raise UserError(
            f"{options.source} does not exist: give a folder of mem4d reconstruct, a saved map, a"
            " video, a folder of images, or a ROS bag"
        )
    return view(options)
