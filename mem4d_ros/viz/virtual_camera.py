"""Viewpoint of a reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import fov_to_intrinsics, project, rigid_inverse, transform_points

FIELD_OF_VIEW = np.deg2rad(55.0)  # of the longer side
RISE = np.deg2rad(32.0)  # how steeply the view looks down
MARGIN = 1.06


@dataclass(frozen=True)
class VirtualCamera:
    """A virtual pinhole camera: pose in the world, intrinsics and size in pixels."""

    camera_to_world: np.ndarray  # (4, 4)
    intrinsics: np.ndarray  # (3, 3)
    width: int
    height: int

    def project(self, points_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (..., 2) and distance along the view's axis (...) of world points (..., 3)."""
        return project(
            transform_points(rigid_inverse(self.camera_to_world), points_world), self.intrinsics
        )


def view_from_behind(
    points_world: np.ndarray, camera_to_world: np.ndarray, width: int, height: int
) -> VirtualCamera:
    """From behind and above a trajectory (T, 4, 4), so far off that nearly all points are seen.

    points_world (N, 3) finite. Up is what was up for the cameras, on average.
    """
    positions = camera_to_world[:, :3, 3]
    target = np.median(points_world, axis=0) if len(points_world) else positions.mean(0)
    up = _unit(-camera_to_world[:, :3, 1].mean(0), np.array([0.0, -1.0, 0.0]))
    ahead = target - positions.mean(0)
    level = _unit(ahead - (ahead @ up) * up, camera_to_world[0, :3, 2])
    forward = np.cos(RISE) * level - np.sin(RISE) * up
    right = _unit(np.cross(forward, up), np.array([1.0, 0.0, 0.0]))
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], -1)

    half = np.tan(FIELD_OF_VIEW / 2) * np.array([width, height]) / max(width, height)
    relative = np.concatenate([points_world, positions]) - target
    across, along = np.abs(relative @ pose[:3, :2]), relative @ forward
    needed = (across / half).max(-1) - along
    distance = max(float(np.percentile(needed, 96)), float(needed[len(points_world) :].max()), 0.1)
    pose[:3, 3] = target - MARGIN * distance * forward
    return VirtualCamera(pose, fov_to_intrinsics(2 * np.arctan(half), height, width), width, height)


def _unit(vector: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """The vector at length 1, or another where it has none."""
    length = np.linalg.norm(vector)
    return vector / length if length > 1e-6 else otherwise
