"""Options for the network of a command, and where it runs; torch is loaded with the network."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mem4d_ros.cli.choices import PRECISIONS, PRESETS
from mem4d_ros.cli.errors import UserError

if TYPE_CHECKING:
    from mem4d_ros.datasets import Camera
    from mem4d_ros.model import MemorySizes
    from mem4d_ros.runtime.loading import LoadedNetwork
    from mem4d_ros.runtime.reconstructor import OnlineReconstructor

MEMORY_OPTIONS = {
    "--tca-window": "past frames that the Temporal Context Aggregator reads, 0 for none",
    "--tdm-size": "past frames in the Transient Dynamics Memory, 0 for none",
    "--psm-size": "frames in the Persistent Structure Memory, 1 for the first frame alone",
}


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """`--checkpoint` or `--preset`, `--device` and `--precision`."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--checkpoint",
        default="",
        help="checkpoint of this project, a .safetensors file, or random for untrained weights",
    )
    choice.add_argument(
        "--preset",
        choices=PRESETS,
        default="lite",
        help="network to use without --checkpoint, with its packaged weights, or random ones",
    )
    parser.add_argument("--device", default="auto", help="device: auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="number format; auto: bf16 where the device has it in hardware",
    )


def add_memory_options(parser: argparse.ArgumentParser) -> None:
    """Sizes of the memories, which :func:`named_memory` reads."""
    memories = parser.add_argument_group("memories (by default of the network's own sizes)")
    for name, meaning in MEMORY_OPTIONS.items():
        memories.add_argument(name, type=int, metavar="N", help=meaning)


def add_camera_option(parser: argparse.ArgumentParser) -> None:
    """`--camera`, which :func:`named_camera` reads."""
    parser.add_argument(
        "--camera",
        metavar="CALIBRATION",
        help="the camera's fx,fy,cx,cy in pixels, or the YAML file of ROS's camera_calibration or"
        " of OpenCV, whose distortion is taken out; instead of what the source says of it",
    )


def add_prior_option(parser: argparse.ArgumentParser) -> None:
    """`--depth-prior`, which :func:`named_reconstructor` reads."""
    parser.add_argument(
        "--depth-prior",
        type=Path,
        metavar="NETWORK.onnx",
        help="depth network of your own that the network is told of, described by NETWORK.yaml",
    )


def named_memory(options: argparse.Namespace, default: MemorySizes) -> MemorySizes:
    """The sizes that the options give, else the default ones. Raises UserError."""
    sizes = {name: getattr(options, name) for name in asdict(default)}
    try:
        return replace(default, **{name: n for name, n in sizes.items() if n is not None})
    except ValueError as error:
        raise UserError(str(error)) from error


def named_reconstructor(
    network: LoadedNetwork, options: argparse.Namespace, memory: MemorySizes | None = None
) -> OnlineReconstructor:
    """With the pose source and the depth prior that the options name. Raises UserError.

    Args:
        memory: None: the network's own.
    """
    from mem4d_ros.runtime.depth_prior import DepthPriorError

    try:
        return network.reconstructor(
            options.pose_source, memory=memory, depth_prior=options.depth_prior
        )
    except DepthPriorError as error:
        raise UserError(f"--depth-prior: {error}") from error


def named_camera(options: argparse.Namespace) -> Camera | None:
    """The calibration that the options give, if any. Raises UserError."""
    from mem4d_ros.datasets import FrameError, read_camera

    if options.camera is None:
        return None
    try:
        return read_camera(options.camera)
    except FrameError as error:
        raise UserError(f"--camera: {error}") from error


def load_named_network(options: argparse.Namespace) -> LoadedNetwork:
    """The network that the options name, on its device; says so where its weights are random."""
    from mem4d_ros.model.checkpoint import CheckpointError
    from mem4d_ros.runtime.device import DeviceUnavailable
    from mem4d_ros.runtime.host_memory import keep_freed_memory
    from mem4d_ros.runtime.loading import load_network

    keep_freed_memory()
    try:
        network = load_network(
            options.checkpoint, options.preset, options.device, options.precision
        )
    except (CheckpointError, DeviceUnavailable) as error:
        raise UserError(str(error)) from error
    if network.checkpoint is None:
        print(f"{options.preset} has random weights: they were never trained", file=sys.stderr)
    return network
