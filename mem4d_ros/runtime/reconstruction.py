"""Reconstruction of one frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import Correction


@dataclass(frozen=True)
class Reconstruction:
    """Geometry of one frame at the model's size (H, W).

    The world is the optical frame of the first camera since the last reset (x right, y down,
    z forward), in metres. A pixel without a valid value has NaN points and depth and confidence 0;
    confidences of valid pixels are >= 1.
    """

    stamp_ns: int
    frame_index: int  # frames since the last reset, from 0
    image: np.ndarray  # (H, W, 3) uint8 RGB
    points_world: np.ndarray  # (H, W, 3) float32
    confidence_world: np.ndarray  # (H, W) float32
    points_camera: np.ndarray  # (H, W, 3) float32, optical frame of this camera
    confidence_camera: np.ndarray  # (H, W) float32
    depth: np.ndarray  # (H, W) float32, metres along z of the optical frame
    camera_to_world: np.ndarray  # (4, 4) float64
    pose_measured: bool  # False: continued from the frames before, this one did not determine it
    intrinsics: np.ndarray  # (3, 3) float64, pixels of the model's image
    input_transform: ImageTransform  # input pixels to the model's pixels
    latency_s: float  # from the raw image to this object
    keyframe: int = 0  # number of the keyframe that this frame hangs on
    correction: Correction | None = None  # how the world has moved since the frame before
    placed: bool = True  # False: no place in the world is known, and what is in it means nothing
    pose_covariance: np.ndarray | None = None
    """(6, 6): turn about the camera's axes in rad, position in the world in m; None: not known."""
    people: np.ndarray | None = None  # (H, W) bool, pixels that show people; None: nobody looked

    def of_pixels(self, valid: np.ndarray) -> Reconstruction:
        """The same with a valid value at no pixel but those (H, W) bool."""
        return replace(
            self,
            points_world=np.where(valid[..., None], self.points_world, np.float32(np.nan)),
            confidence_world=np.where(valid, self.confidence_world, np.float32(0)),
            points_camera=np.where(valid[..., None], self.points_camera, np.float32(np.nan)),
            confidence_camera=np.where(valid, self.confidence_camera, np.float32(0)),
            depth=np.where(valid, self.depth, np.float32(np.nan)),
        )
