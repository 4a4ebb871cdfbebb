"""How well the clouds of frames that see the same place agree."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.runtime import Reconstruction

APART = 10
"""Frames between the two that are compared."""
SAME_SURFACE = 0.3
"""Largest difference of depth, relative to it, of a point and of what is seen in its place by the
other frame; beyond it one hides the other."""


def distances_apart(frames: Iterable[tuple[Reconstruction, np.ndarray]]) -> Iterator[np.ndarray]:
    """Distances (N,) in m between overlapping static points of each frame and the 10th before it.

    Args:
        frames: with the pixels (H, W) bool of each that move.
    """
    before: deque[tuple[Reconstruction, np.ndarray]] = deque(maxlen=APART)
    for frame in frames:
        if len(before) == APART:
            yield overlapping_distances(*frame, *before[0])
        before.append(frame)


def overlapping_distances(
    frame: Reconstruction, moving: np.ndarray, other: Reconstruction, other_moving: np.ndarray
) -> np.ndarray:
    """Distances (N,) in m from points of a frame to those that another has in their place.

    Both in the world. Each point is compared with that of the pixel which it projects into.
    """
    points = frame.points_world[(frame.confidence_world > 0) & ~moving].astype(np.float64)
    in_other = transform_points(rigid_inverse(other.camera_to_world), points)
    ahead = in_other[:, 2] > 0
    points, in_other = points[ahead], in_other[ahead]
    pixels, depth = project(in_other, other.intrinsics)
    columns, rows = np.rint(pixels).T
    height, width = other.depth.shape
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    where = rows[inside].astype(int), columns[inside].astype(int)
    known = (other.confidence_world[where] > 0) & ~other_moving[where]
    seen = other.depth[where]
    known &= np.abs(depth[inside] - seen) < SAME_SURFACE * seen
    apart: np.ndarray = np.linalg.norm(points[inside] - other.points_world[where], axis=-1)[known]
    return apart
