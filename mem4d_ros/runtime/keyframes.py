"""Which frames enter the persistent structure memory: all, or those that show something new.

At 30 frames/s a memory of 100 frames spans three seconds. Of keyframes alone it spans a building.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.mapping import Correction, moved_pose

EVERY_FRAME, KEYFRAME = "every_frame", "keyframe"
"""Policies for filling the memory."""

SAMPLE_SPACING_PX = 16
"""Overlap is estimated at every 16th pixel of every 16th row."""


@dataclass(frozen=True)
class KeyframeThresholds:
    """Minimum motion from every stored view, or maximum overlap with them, of a new keyframe.

    Attributes:
        min_translation_m: distance between the cameras of the frame and of a stored view.
        min_rotation_rad: rotation angle between the frame and a stored view.
        min_overlap: ratio of its points that lie in at least one stored view.
    """

    min_translation_m: float = 0.3
    min_rotation_rad: float = math.radians(20)
    min_overlap: float = 0.6


@dataclass(frozen=True)
class CameraView:
    """View of a camera: pose, intrinsics in pixels, and image size (height, width)."""

    camera_to_world: np.ndarray  # (4, 4) float64
    intrinsics: np.ndarray  # (3, 3) float64
    size: tuple[int, int]
    keyframe: int = 0  # number of the odometry's keyframe that it hangs on


def moved_views(
    views: Mapping[int, CameraView], correction: Correction
) -> Mapping[int, CameraView]:
    """Views by number, moved with the keyframes that they hang on."""
    motions = correction.of(np.array([view.keyframe for view in views.values()], np.int64))
    return {
        number: replace(view, camera_to_world=moved_pose(motion, view.camera_to_world))
        for (number, view), motion in zip(views.items(), motions, strict=True)
    }


def shows_something_new(
    view: CameraView,
    points_camera: np.ndarray,
    stored: Collection[CameraView],
    thresholds: KeyframeThresholds,
) -> bool:
    """Whether a view with its pointmap (H, W, 3), metres, differs enough from those stored."""
    if not any(_is_near(view, other, thresholds) for other in stored):
        return True
    offset = SAMPLE_SPACING_PX // 2
    points = points_camera[offset::SAMPLE_SPACING_PX, offset::SAMPLE_SPACING_PX].reshape(-1, 3)
    points = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    return overlap(transform_points(view.camera_to_world, points), stored) < (
        thresholds.min_overlap
    )


def overlap(points_world: np.ndarray, views: Collection[CameraView]) -> float:
    """Ratio of points (N, 3) that lie inside at least one view; 1 without points.

    Occlusion is ignored.
    """
    if not len(points_world):
        return 1.0
    seen = np.zeros(len(points_world), bool)
    for view in views:
        left = points_world[~seen]
        pixels, depth = project(
            transform_points(rigid_inverse(view.camera_to_world), left), view.intrinsics
        )
        height, width = view.size
        inside = (pixels > -0.5) & (pixels < (width - 0.5, height - 0.5))
        seen[~seen] = (depth > 0) & inside.all(axis=1)
        if seen.all():
            break
    return float(seen.mean())


def _is_near(view: CameraView, other: CameraView, thresholds: KeyframeThresholds) -> bool:
    a, b = view.camera_to_world, other.camera_to_world
    moved = np.linalg.norm(a[:3, 3] - b[:3, 3])
    cosine = (np.trace(a[:3, :3].T @ b[:3, :3]) - 1) / 2
    turned = math.acos(float(np.clip(cosine, -1, 1)))
    return bool(moved < thresholds.min_translation_m and turned < thresholds.min_rotation_rad)
