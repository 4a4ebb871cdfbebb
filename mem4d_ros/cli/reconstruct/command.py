"""`mem4d reconstruct`: a video, folder, bag or data set to poses, depth, clouds and a bag."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.choices import DATASETS, POSE_SOURCES
from mem4d_ros.cli.models import add_camera_option, add_model_options, add_prior_option
from mem4d_ros.cli.parser import summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

MOST = 10**9
"""Frames that a source can have."""
FASTEST_HZ = 1e6

EXAMPLES = {
    "mem4d reconstruct walk.mp4 --out out/walk": "a video",
    "mem4d reconstruct recording/ --topic /camera/image_raw --out out/recording": "a ROS bag",
    "mem4d reconstruct recording/ --odometry /odom --out out/drive": "a robot's bag, in the"
    " metres of its odometry",
    "mem4d reconstruct images/ --camera camera.yaml --rate 10 --out out/images": "a folder of"
    " images from a calibrated camera",
    "mem4d reconstruct walk.mp4 --out out/walk --resume": "go on where Ctrl-C ended it",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "reconstruct",
        help=summary(__doc__),
        description="Reconstruct a source frame by frame. Ctrl-C ends early and keeps what is "
        "done; --resume goes on from there, with the same result as without the interruption.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "source", type=Path, help="a video, a folder of images, a ROS bag or a data set's folder"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    parser.add_argument(
        "--resume", action="store_true", help="continue the reconstruction in FOLDER"
    )
    parser.add_argument("--dataset", choices=sorted(DATASETS), help="layout of SOURCE")
    parser.add_argument("--topic", help="image topic of a bag that has several")
    parser.add_argument(
        "--odometry",
        metavar="TOPIC",
        help="of a bag: odometry to go by, and whose metres the result has (geometry)",
    )
    parser.add_argument(
        "--base-to-camera",
        type=pose,
        metavar="POSE",
        help="the camera's optical frame in the one that the odometry moves, as 'x y z roll pitch"
        " yaw' in metres and radians; without it the bag's /tf_static says",
    )
    parser.add_argument("--stride", type=count, default=1, help="take every n-th frame")
    parser.add_argument("--frames", type=count, help="maximum number of frames")
    parser.add_argument(
        "--rate", type=frame_rate, default=30.0, help="frame rate of images without stamps, Hz (30)"
    )
    parser.add_argument(
        "--max-bad-ratio",
        type=measure,
        default=0.5,
        metavar="RATIO",
        help="of frames that cannot be used, beyond which the command fails (0.5)",
    )
    add_camera_option(parser)
    add_model_options(parser)
    add_prior_option(parser)
    parser.add_argument(
        "--pose-source",
        choices=POSE_SOURCES,
        default="auto",
        help="source of camera poses; auto: the one that suits the network",
    )
    parser.add_argument(
        "--save-map", type=Path, metavar="FOLDER", help="write the map here at the end (geometry)"
    )
    parser.add_argument(
        "--map",
        type=Path,
        metavar="FOLDER",
        help="find the frames in a map that was saved; with --save-map, add to it",
    )
    parser.add_argument(
        "--min-confidence", type=float, default=1.0, help="minimum confidence of points in clouds"
    )
    parser.add_argument(
        "--max-range",
        type=measure,
        default=100.0,
        help="maximum range of points in clouds, m",
    )
    parser.add_argument(
        "--voxel", type=measure, default=0.03, help="voxel size of the static cloud, m (0.03)"
    )
    parser.set_defaults(run=run)


def count(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 to {MOST}")
    return int(text)


def measure(text: str) -> float:
    """A number above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def pose(text: str) -> str:
    """A pose, for argparse; as it was written, which names it in the folder."""
    from mem4d_ros.geometry.pose_text import parse_pose

    try:
        parse_pose(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def frame_rate(text: str) -> float:
    """In Hz, for argparse: such that stamps differ and do not overflow."""
    rate = measure(text)
    if not 1 / FASTEST_HZ <= rate <= FASTEST_HZ:
        raise argparse.ArgumentTypeError(f"{text} is no frame rate of a camera")
    return rate


def run(options: argparse.Namespace) -> int:
    """Reconstruct; what only that needs is loaded only now."""
    from mem4d_ros.cli.reconstruct.run import reconstruct

    return reconstruct(options)
