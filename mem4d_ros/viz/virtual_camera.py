"""Viewpoint of a reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import fov_to_intrinsics, project, rigid_inverse, transform_points

FIELD_OF_VIEW = np.deg2rad(55.0)  # of the longer side
FROM_AFAR = np.deg2rad(6.0)  # nearly parallel rays: walls do not lean
RISE = np.deg2rad(32.0)  # how steeply the view from behind looks down
MARGIN = 1.06
TRUST_IN_TILT = 0.02
"""Of the cameras' own up against their right being level, in :func:`up_of`."""


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

    points_world (N, 3) finite.
    """
    up, level = _axes(points_world, camera_to_world)
    forward = np.cos(RISE) * level - np.sin(RISE) * up
    return _view(points_world, camera_to_world, forward, up, FIELD_OF_VIEW, width, height)


def view_from_above(
    points_world: np.ndarray, camera_to_world: np.ndarray, width: int, height: int
) -> VirtualCamera:
    """Straight down on points (N, 3) and trajectory (T, 4, 4), as on a plan.

    Where the cameras looked is up in the picture.
    """
    up, level = _axes(points_world, camera_to_world)
    return _view(points_world, camera_to_world, -up, level, FROM_AFAR, width, height)


def up_of(camera_to_world: np.ndarray) -> np.ndarray:
    """What is up (3,) for cameras (T, 4, 4) that may look down, but are held level sideways.

    It is across their right axes; where these are too much alike to tell, it is their own up.
    """
    right, up = camera_to_world[:, :3, 0], -camera_to_world[:, :3, 1].mean(0)
    spread = right.T @ right / len(right) - TRUST_IN_TILT * np.outer(up, up)
    found: np.ndarray = np.linalg.eigh(spread)[1][:, 0]
    return found if found @ up > 0 else -found


def _axes(points: np.ndarray, camera_to_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Up, and level from the cameras to the points (N, 3)."""
    up = up_of(camera_to_world)
    ahead = _middle(points, camera_to_world) - camera_to_world[:, :3, 3].mean(0)
    return up, _unit(ahead - (ahead @ up) * up, camera_to_world[0, :3, 2])


def _middle(points: np.ndarray, camera_to_world: np.ndarray) -> np.ndarray:
    middle: np.ndarray = np.median(points if len(points) else camera_to_world[:, :3, 3], axis=0)
    return middle


def _view(
    points: np.ndarray,
    camera_to_world: np.ndarray,
    forward: np.ndarray,
    up: np.ndarray,
    field_of_view: float,
    width: int,
    height: int,
) -> VirtualCamera:
    """A view along `forward` that holds all cameras and nearly all points (N, 3)."""
    positions = camera_to_world[:, :3, 3]
    right = _unit(np.cross(forward, up), np.array([1.0, 0.0, 0.0]))
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], -1)
    half = np.tan(field_of_view / 2) * np.array([width, height]) / max(width, height)
    everything = np.concatenate([points, positions])
    low, high = np.percentile(everything @ pose[:3, :3], (2, 98), axis=0)
    target = pose[:3, :3] @ (low + high) / 2
    relative = everything - target
    across, along = np.abs(relative @ pose[:3, :2]), relative @ forward
    needed = (across / half).max(-1) - along
    distance = max(float(np.percentile(needed, 96)), float(needed[len(points) :].max()), 0.1)
    pose[:3, 3] = target - MARGIN * distance * forward
    return VirtualCamera(pose, fov_to_intrinsics(2 * np.arctan(half), height, width), width, height)


def _unit(vector: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """The vector at length 1, or another where it has none."""
    length = np.linalg.norm(vector)
    return vector / length if length > 1e-6 else otherwise
