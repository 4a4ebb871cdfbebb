"""A stream's state in a file, so that another process goes on exactly where one stopped."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mem4d_ros
from mem4d_ros import mapping
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.model import MemorySizes, MemoryState
from mem4d_ros.model.compression import FrameGroup
from mem4d_ros.model.dynamics_memory import FeaturePyramid
from mem4d_ros.model.layers import KeyValue
from mem4d_ros.model.structure_memory import StructureState
from mem4d_ros.model.temporal_context import ContextFrame
from mem4d_ros.runtime.export.hanging import Hanging
from mem4d_ros.runtime.keyframes import CameraView
from mem4d_ros.runtime.pose_sources import MAKERS, CameraFrame
from mem4d_ros.runtime.reconstructor import StreamState
from mem4d_ros.runtime.scale import OdometryScale
from mem4d_ros.writing import whole_file

_ARRAYS = [np.float16(0), np.float32(0), np.float64(0), np.uint8(0), np.int64(0), np.bool_(0)]
ALLOWED: list[Any] = [
    StreamState,
    MemoryState,
    MemorySizes,
    ContextFrame,
    FeaturePyramid,
    StructureState,
    FrameGroup,
    KeyValue,
    ImageTransform,
    CameraView,
    CameraFrame,
    Hanging,
    OdometryScale,
    *mapping.STATE,
    *MAKERS.values(),
    np.ndarray,
    np.dtype,
    np.empty(0).__reduce__()[0],
    bytes,  # of an array without numbers
    *(type(number.dtype) for number in _ARRAYS),
]
"""All that a state is made of, besides tensors and plain containers; nothing else is read."""


class SavedStreamError(Exception):
    """A saved state cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class SavedStream:
    """A state, and how many frames of its source have been reconstructed and skipped.

    `hanging` says what became of those that were reconstructed.
    """

    frames: int
    state: StreamState
    skipped: int = 0
    hanging: Hanging = field(default_factory=Hanging)


def save_stream(path: Path, saved: SavedStream) -> None:
    """Write a state; the file before survives until the new one is whole. Raises OSError."""
    content = {
        "version": mem4d_ros.__version__,
        "frames": saved.frames,
        "skipped": saved.skipped,
        "state": saved.state,
        "hanging": saved.hanging,
    }
    with whole_file(path) as partial:
        torch.save(content, partial)


def load_stream(path: Path, device: torch.device) -> SavedStream:
    """Read a state with its tensors on `device`.

    Raises:
        SavedStreamError: it is broken, of another version, or holds what no state holds.
    """
    try:
        with torch.serialization.safe_globals(ALLOWED):
            content = torch.load(path, map_location=device, weights_only=True)
        version = content["version"]
        saved = SavedStream(
            content["frames"], content["state"], content["skipped"], content["hanging"]
        )
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, TypeError) as error:
        raise SavedStreamError(f"{path} is no whole state: delete it to start anew") from error
    if version != mem4d_ros.__version__:
        raise SavedStreamError(
            f"{path} was written by mem4d_ros {version}, this is {mem4d_ros.__version__}:"
            " go on with that version, or delete the file to start anew"
        )
    return saved
