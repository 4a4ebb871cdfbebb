"""Where the floor is: a plane below the camera, across what is up."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation

MAX_POINTS = 4000
"""Of the map that are looked at; a fixed random choice."""
LEAST_POINTS = 50
"""Of a floor, of those that are looked at."""
TRIPLES = 4000
"""Of points, each of which makes a plane that may be the floor."""
MAX_CANDIDATES = 400
TOLERANCE_M = 0.05
"""Of the distance of a point from the plane that it lies on."""
LEAST_DROP_M = 0.05
"""Of the floor below the camera."""
CAMERAS_ABOVE = 0.9
"""Ratio of cameras that are above the floor; the others were placed wrongly."""
KNOWN_TILT, UNKNOWN_TILT = np.deg2rad(5.0), np.deg2rad(55.0)
"""Largest angle between a floor and what is across up: where that is known, only the error of the
camera's mounting; else people hold their cameras upright, more or less."""
LEVEL_SUPPORT = 0.15
"""A lower level with as large a part of the points on the best one is the floor, and the best one
is a table."""
LEVEL_APART_M = 0.15
"""Least distance between levels."""
NARROWING_M = (0.15, 0.1, 0.05, 0.05)
"""Distances from the plane of the points to which it is fitted, one after the other."""


def find_floor(points: np.ndarray, cameras: np.ndarray, up_known: bool) -> np.ndarray | None:
    """map_from_floor (4, 4) of points (N, 3), below the cameras (M, 4, 4), in a map whose z is up.

    Where `up_known` is False, it need not be: then the largest plane is sought that is below the
    cameras and more or less across their own up (RANSAC; Fischler & Bolles, 1981). None where too
    few points lie on any.
    """
    if len(points) < LEAST_POINTS or not len(cameras):
        return None
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(points))[:MAX_POINTS]
    points = points[chosen].astype(np.float64)
    centres = cameras[:, :3, 3]
    if up_known:
        up, limit = np.array([0.0, 0.0, 1.0]), KNOWN_TILT
        normal = up
    else:
        up, limit = _mean_direction(-cameras[:, :3, 1]), UNKNOWN_TILT
        largest = _largest_plane(points, centres, up, limit, rng)
        if largest is None:
            return None
        normal = largest
    height = _lowest_level(points @ normal, centres @ normal)
    if height is None:
        return None
    for tolerance in NARROWING_M:
        near = np.abs(points @ normal - height) < tolerance
        if near.sum() < LEAST_POINTS:
            return None
        normal, height = _fitted(points[near], normal, up, limit)
    return _frame(normal, height / (normal @ up) * up)


def _mean_direction(directions: np.ndarray) -> np.ndarray:
    mean = directions.mean(0)
    length = np.linalg.norm(mean)
    return mean / length if length > 0 else directions[-1]


def _largest_plane(
    points: np.ndarray,
    centres: np.ndarray,
    up: np.ndarray,
    limit: float,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """The normal (3,) of the plane with most points, within `limit` of `up`, below the centres."""
    corner, second, third = (points[rng.integers(len(points), size=TRIPLES)] for _ in range(3))
    normals = np.cross(second - corner, third - corner)
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = normals / np.maximum(lengths, 1e-12)
    normals *= np.where(normals @ up < 0, -1.0, 1.0)[:, None]
    heights = (normals * corner).sum(-1)  # of each plane along its normal
    below = centres @ normals.T > heights + LEAST_DROP_M  # (M, TRIPLES)
    possible = (normals @ up >= np.cos(limit)) & (below.mean(0) >= CAMERAS_ABOVE)
    kept = np.flatnonzero(possible)[:MAX_CANDIDATES]
    if not len(kept):
        return None
    distances = np.abs(points @ normals[kept].T - heights[kept])  # (N, candidates)
    best: np.ndarray = normals[kept[(distances < TOLERANCE_M).sum(0).argmax()]]
    return best


def _lowest_level(heights: np.ndarray, camera_heights: np.ndarray) -> float | None:
    """The lowest height below the cameras at which many points lie."""
    ceiling = np.quantile(camera_heights, 1 - CAMERAS_ABOVE) - LEAST_DROP_M
    below = heights[heights < ceiling]
    if len(below) < LEAST_POINTS:
        return None
    edges = np.arange(below.min() - LEVEL_APART_M, ceiling + LEVEL_APART_M, TOLERANCE_M / 2)
    counts = np.histogram(below, edges)[0].astype(np.float32)
    level = np.convolve(counts, np.ones(4), "same")  # of points within the tolerance
    reach = 2 * round(LEVEL_APART_M / (TOLERANCE_M / 2)) + 1
    highest = cv2.dilate(level, np.ones((reach, 1), np.uint8))[:, 0]
    strong = (level == highest) & (level >= LEVEL_SUPPORT * level.max())
    return float(edges[int(strong.argmax())])


def _fitted(
    points: np.ndarray, normal: np.ndarray, up: np.ndarray, limit: float
) -> tuple[np.ndarray, float]:
    """Normal (3,) and height of the plane through points (N, 3), least squares.

    The normal before stays where the new one would be more than `limit` away from `up`.
    """
    mean = points.mean(0)
    fitted = np.linalg.svd(points - mean, full_matrices=False)[2][2]
    fitted = fitted if fitted @ normal > 0 else -fitted
    if fitted @ up < np.cos(limit):
        fitted = normal
    return fitted, float(mean @ fitted)


def _frame(normal: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """map_from_floor (4, 4) of a floor through `origin` (3,)."""
    ahead = np.eye(3)[0] if abs(normal[0]) < 0.9 else np.eye(3)[1]
    x = ahead - (ahead @ normal) * normal
    x /= np.linalg.norm(x)
    rotation = np.stack((x, np.cross(normal, x), normal), axis=-1)
    frame: np.ndarray = pose_from_rotation(rotation, origin)
    return frame
