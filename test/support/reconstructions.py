"""Reconstructions of simple scenes, as a perfect network would give them."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import ImageTransform, transform_points, unproject
from mem4d_ros.runtime import Reconstruction

HEIGHT, WIDTH = 48, 64
INTRINSICS = np.array([[60.0, 0.0, 31.5], [0.0, 60.0, 23.5], [0.0, 0.0, 1.0]])


def reconstruction_of(
    frame_index: int,
    depth: np.ndarray,
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray = INTRINSICS,
    image: np.ndarray | None = None,
    confidence: float = 2.0,
) -> Reconstruction:
    """What is seen with this depth (H, W), NaN where nothing is, from this pose (4, 4)."""
    height, width = depth.shape
    points_camera = unproject(depth.astype(np.float64), intrinsics)
    sureness = np.where(np.isfinite(depth), np.float32(confidence), np.float32(0))
    return Reconstruction(
        stamp_ns=frame_index * 100_000_000,
        frame_index=frame_index,
        image=np.full((height, width, 3), 90, np.uint8) if image is None else image,
        points_world=transform_points(camera_to_world, points_camera).astype(np.float32),
        confidence_world=sureness,
        points_camera=points_camera.astype(np.float32),
        confidence_camera=sureness,
        depth=depth.astype(np.float32),
        camera_to_world=camera_to_world,
        pose_measured=True,
        intrinsics=intrinsics,
        input_transform=ImageTransform.fit(width, height, max(width, height), multiple=1),
        latency_s=0.0,
    )


def flat_reconstruction(frame_index: int, camera_to_world: np.ndarray) -> Reconstruction:
    """A wall that stays 3 m before the camera."""
    return reconstruction_of(frame_index, np.full((HEIGHT, WIDTH), 3.0), camera_to_world)
