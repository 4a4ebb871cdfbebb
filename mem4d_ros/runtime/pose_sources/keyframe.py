"""A frame whose image points and depths later frames are located against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.runtime.pose_sources.tracking import find_corners

POINTS = 200
SPACING_RATIO = 1 / 40
"""Minimum distance between two points, relative to the image's long side."""
SMOOTH_RATIO = 0.9
"""A point whose neighbours' depths differ by more lies on an edge: its depth is uncertain."""
MIN_COMMON_POINTS = 8


@dataclass(frozen=True)
class Keyframe:
    """Points with depth of one image."""

    image: np.ndarray  # (H, W) uint8 grey
    camera_to_world: np.ndarray  # (4, 4)
    pixels: np.ndarray  # (N, 2)
    depth: np.ndarray  # (N,) metres along z, in the world's scale
    scale: float  # from the network's depth of this frame to the world's

    def rays(self, intrinsics: np.ndarray) -> np.ndarray:
        """The points' directions (N, 3), z = 1, in the camera's frame, for K (3, 3)."""
        homogeneous = np.column_stack((self.pixels, np.ones(len(self.pixels))))
        return homogeneous @ np.linalg.inv(intrinsics).T

    def points_world(self, intrinsics: np.ndarray) -> np.ndarray:
        """The points (N, 3) under these intrinsics (3, 3)."""
        rays = self.rays(intrinsics)
        return transform_points(self.camera_to_world, rays * self.depth[:, None])


@dataclass(frozen=True)
class Tracks:
    """Points of the world and where they were found in a frame."""

    pixels: np.ndarray  # (N, 2)
    points_world: np.ndarray  # (N, 3)

    @classmethod
    def none(cls) -> Tracks:
        """No points."""
        return cls(np.empty((0, 2)), np.empty((0, 3)))

    def errors(self, camera_to_world: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
        """Distances (N,) in pixels from where a camera would see them; NaN behind it."""
        expected = reprojection(self.points_world, camera_to_world, intrinsics)
        return np.linalg.norm(expected - self.pixels, axis=-1)


def make_keyframe(
    image: np.ndarray,
    depth: np.ndarray,
    camera_to_world: np.ndarray,
    tracks: Tracks,
    last_scale: float,
) -> Keyframe:
    """A keyframe that keeps the points of `tracks` and adds corners of `image` (H, W).

    The network's depth (H, W) may be larger or smaller as a whole than in the frame before: it is
    scaled to agree with the tracks, by the median ratio, or by `last_scale` if they are too few.
    """
    kept_depth = transform_points(rigid_inverse(camera_to_world), tracks.points_world)[:, 2]
    seen = depth_at(depth, tracks.pixels)
    common = np.isfinite(seen)
    enough = common.sum() >= MIN_COMMON_POINTS
    scale = float(np.median(kept_depth[common] / seen[common])) if enough else last_scale
    spacing = SPACING_RATIO * max(image.shape)
    corners = find_corners(image, POINTS - len(tracks.pixels), spacing, tracks.pixels)
    corner_depth = scale * depth_at(depth, corners)
    usable = np.isfinite(corner_depth)
    return Keyframe(
        image,
        camera_to_world,
        np.concatenate((tracks.pixels, corners[usable])),
        np.concatenate((kept_depth, corner_depth[usable])),
        scale,
    )


def depth_at(depth: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Depth (N,) at pixels (N, 2) of a depth image (H, W); NaN at edges and beside invalid ones."""
    height, width = depth.shape
    columns, rows = np.rint(pixels).astype(int).T
    offsets = np.arange(-1, 2)
    near = depth[
        (rows[:, None, None] + offsets[:, None]).clip(0, height - 1),
        (columns[:, None, None] + offsets).clip(0, width - 1),
    ]
    smooth = near.min((1, 2)) > SMOOTH_RATIO * near.max((1, 2))
    return np.where(smooth, near[:, 1, 1], np.nan).astype(np.float64)


def reprojection(
    points_world: np.ndarray, camera_to_world: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray:
    """Pixels (N, 2) of points (N, 3); NaN for points that are not in front of the camera."""
    points_camera = transform_points(rigid_inverse(camera_to_world), points_world)
    points_camera[points_camera[:, 2] <= 0] = np.nan
    return project(points_camera, intrinsics)[0]
