"""One frame as the motion split remembers it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.runtime.reconstruction import Reconstruction

NEIGHBOURHOOD = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class RememberedFrame:
    """Image (H, W), depth and pose of a frame."""

    grey: np.ndarray  # (H, W) uint8
    inverse_depth: np.ndarray  # (H, W) float32, 1/m; 0 where the depth is not known
    nearest_depth: np.ndarray  # (H, W) float32, m, minimum of 3x3 pixels; 0 beside unknown depth
    certainty: np.ndarray  # (H, W) float32 in 0..1: 1 from the frame's median confidence up
    camera_to_world: np.ndarray  # (4, 4)
    intrinsics: np.ndarray  # (3, 3)
    people: np.ndarray  # (H, W) bool, shows people, as far as somebody looked

    @classmethod
    def of(cls, reconstruction: Reconstruction) -> RememberedFrame:
        """Keep the needed part of a reconstruction."""
        confidence, depth = reconstruction.confidence_camera, reconstruction.depth
        known = confidence > 0
        depth = np.where(known, depth, 0).astype(np.float32)
        typical = np.median(confidence[known]) if known.any() else 1.0
        people = reconstruction.people
        return cls(
            grey=cv2.cvtColor(reconstruction.image, cv2.COLOR_RGB2GRAY),
            inverse_depth=np.divide(1, depth, out=np.zeros_like(depth), where=known),
            nearest_depth=cv2.erode(depth, NEIGHBOURHOOD),
            certainty=np.minimum(confidence / np.float32(typical), 1),
            camera_to_world=reconstruction.camera_to_world,
            intrinsics=reconstruction.intrinsics,
            people=np.zeros(depth.shape, bool) if people is None else people,
        )

    @property
    def known(self) -> np.ndarray:
        """(H, W) bool: the depth is known."""
        return self.inverse_depth > 0
