"""What is kept of one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.runtime.points import ColouredPoints, PointFilter, select_points
from mem4d_ros.runtime.reconstruction import Reconstruction


@dataclass(frozen=True)
class FrameRecord:
    """One frame at the network's size (H, W). World = the first camera's optical frame, metres."""

    name: str  # of the image in its source
    stamp_ns: int
    image: np.ndarray  # (H, W, 3) uint8 RGB
    depth: np.ndarray  # (H, W) float32 along z, NaN where invalid
    points: ColouredPoints  # in the world
    camera_to_world: np.ndarray  # (4, 4) float64
    pose_measured: bool  # False: continued from the frames before
    intrinsics: np.ndarray  # (3, 3) float64, pixels of `image`

    @classmethod
    def of(cls, found: Reconstruction, name: str, keep: PointFilter) -> FrameRecord:
        """A reconstruction with those of its points that pass the filter."""
        return cls(
            name,
            found.stamp_ns,
            found.image,
            found.depth,
            select_points(
                found.points_world,
                found.confidence_world,
                found.image,
                found.camera_to_world[:3, 3],
                keep,
            ),
            found.camera_to_world,
            found.pose_measured,
            found.intrinsics,
        )
