"""Data that flows through the node: an incoming image and its result."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mem4d_ros.runtime import ColouredPoints, Reconstruction
from mem4d_ros.runtime.scale import ScaleEstimate


@dataclass(frozen=True)
class IncomingFrame:
    """An image as it came, with the newest CameraInfo at that time."""

    image: Image | CompressedImage
    camera_info: CameraInfo | None
    received_at_s: float  # monotonic
    topic: str = ""


@dataclass(frozen=True)
class ReconstructedFrame:
    """A reconstruction and what its image said of itself."""

    reconstruction: Reconstruction
    stamp: Time
    camera_frame: str
    intrinsics_given: bool  # by CameraInfo
    scale: ScaleEstimate = field(default=ScaleEstimate(1.0, 0.0))  # that was applied to it
    landmarks: ColouredPoints | None = None  # in the world, where somebody asked for them
    map_from_world: np.ndarray | None = None  # (4, 4) of the map that was loaded; None: a new one

    @property
    def place_known(self) -> bool:
        """Whether the image determined where the camera is, in metres.

        A way whose scale is yet to be learned has none, but in a map that was loaded.
        """
        in_metres = math.isfinite(self.scale.deviation) or self.map_from_world is not None
        return self.reconstruction.pose_measured and in_metres
