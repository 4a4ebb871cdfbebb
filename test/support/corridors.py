"""A corridor of boxes, seen by a camera on a robot: exact depth, and the true cells of its floor.

Its frame has x along the corridor, y to the left and z up from the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from reconstructions import reconstruction_of
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import BODY_FROM_OPTICAL, pixel_rays
from mem4d_ros.runtime import Reconstruction

SIZE = (144, 192)
INTRINSICS = np.array([[135.0, 0.0, 95.5], [0.0, 135.0, 71.5], [0.0, 0.0, 1.0]])
CAMERA_HEIGHT_M = 0.6


@dataclass(frozen=True)
class Box:
    """Filled space between two corners, metres, z up."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def distances(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Along rays (N, 3) from `origin` to where they enter; inf where they miss."""
        with np.errstate(divide="ignore"):
            bounds = (np.array([self.low, self.high])[:, None] - origin) / rays
        enter, leave = bounds.min(0).max(-1), bounds.max(0).min(-1)
        return np.where((enter <= leave) & (enter > 0), enter, np.inf)


HALF_WIDTH_M, END_M = 1.2, 8.0
CORRIDOR = (
    Box((-1, -9, -0.5), (9, 9, 0.0)),  # floor
    Box((-1, -9, 2.5), (9, 9, 3.0)),  # ceiling
    Box((-1, HALF_WIDTH_M, 0), (9, HALF_WIDTH_M + 0.3, 2.5)),
    Box((-1, -HALF_WIDTH_M - 0.3, 0), (9, -HALF_WIDTH_M, 2.5)),
    Box((END_M, -1.2, 0), (END_M + 0.3, 1.2, 2.5)),
    Box((2.5, 0.5, 0.0), (3.1, 1.0, 0.4)),  # a crate
    Box((4.4, -1.1, 0.70), (5.4, -0.5, 0.75)),  # a table without legs
    Box((5.9, 0.35, 0.0), (6.0, 0.45, 1.8)),  # a post
    Box((3.0, -1.2, 2.1), (3.4, 1.2, 2.3)),  # a beam under which the robot fits
)
OBSTACLES = CORRIDOR[2:8]


def camera_at(
    x: float, y: float = 0.0, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0
) -> np.ndarray:
    """Pose (4, 4) of the optical frame; pitch is down."""
    pose = np.eye(4)
    turn = Rotation.from_euler("ZYX", [yaw, pitch, roll]).as_matrix()
    pose[:3, :3] = turn @ BODY_FROM_OPTICAL[:3, :3]
    pose[:3, 3] = x, y, CAMERA_HEIGHT_M
    return pose


def seen_from(
    index: int,
    pose: np.ndarray,
    boxes: tuple[Box, ...] = CORRIDOR,
    world_from_corridor: np.ndarray | None = None,
    depth_error: float = 0.0,
) -> Reconstruction:
    """The frame of a camera at a pose (4, 4) in the corridor; the world is the corridor's frame.

    `depth_error` is the relative standard deviation of depth, in patches of 8x8 pixels.
    """
    rays = pixel_rays(INTRINSICS, *SIZE).reshape(-1, 3) @ pose[:3, :3].T
    rays[rays == 0] = 1e-12
    depth = np.min([box.distances(pose[:3, 3], rays) for box in boxes], axis=0).reshape(SIZE)
    depth[~np.isfinite(depth)] = np.nan
    if depth_error:
        patches = np.random.default_rng(index).normal(1, depth_error, (SIZE[0] // 8, SIZE[1] // 8))
        depth *= np.kron(patches, np.ones((8, 8)))
    world_from_corridor = np.eye(4) if world_from_corridor is None else world_from_corridor
    return reconstruction_of(index, depth, world_from_corridor @ pose, INTRINSICS)


def drive(**options: object) -> list[Reconstruction]:
    """Frames of a robot that drives along the corridor and looks about."""
    frames = []
    for index, x in enumerate(np.arange(0.0, 6.6, 0.1)):
        pose = camera_at(x, y=-0.1, yaw=0.4 * np.sin(2.5 * x), pitch=0.15)
        frames.append(seen_from(index, pose, **options))  # type: ignore[arg-type]
    return frames


def true_cells(
    centres: np.ndarray, boxes: tuple[Box, ...] = OBSTACLES, margin_m: float = 0.0
) -> np.ndarray:
    """Which cells about centres (..., 2) lie over an obstacle, or nearer than a margin to one."""
    over = np.zeros(centres.shape[:-1], bool)
    for box in boxes:
        low, high = np.array(box.low[:2]) - margin_m, np.array(box.high[:2]) + margin_m
        over |= ((centres > low) & (centres < high)).all(-1)
    return over
