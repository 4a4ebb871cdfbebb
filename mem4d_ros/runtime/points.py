"""Many points at once: chosen from a pointmap, moved, thinned out.

Axis by axis, numpy takes ten times as long over points of three numbers as OpenCV does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class PointFilter:
    """Keeps every `stride`-th pixel of every `stride`-th row that is confident and near enough."""

    stride: int = 1
    min_confidence: float = 1.0
    max_range: float = float("inf")  # metres from the camera's centre


@dataclass(frozen=True)
class ColouredPoints:
    """Points with a colour and a confidence each; every value is finite."""

    positions: np.ndarray  # (N, 3) float32, metres
    colours: np.ndarray  # (N, 3) uint8 RGB
    confidences: np.ndarray  # (N,) float32


def select_points(
    points: np.ndarray,
    confidence: np.ndarray,
    image: np.ndarray,
    camera_centre: np.ndarray,
    keep: PointFilter,
) -> ColouredPoints:
    """The valid points of a pointmap (H, W, 3) with confidence (H, W) that pass the filter.

    `image` (H, W, 3) uint8 gives the colours; `camera_centre` (3,) is in the frame of the points.
    Where all pass, the result shares the pointmap's memory.
    """
    grid = (slice(None, None, keep.stride), slice(None, None, keep.stride))
    points, confidence, image = points[grid], confidence[grid], image[grid]
    passing = pixels_that_pass(points, confidence, camera_centre, keep)
    positions, colours, confidences = (
        points.reshape(-1, 3),
        image.reshape(-1, 3),
        confidence.reshape(-1),
    )
    if passing.all():
        return ColouredPoints(positions, colours, confidences)
    chosen = np.flatnonzero(passing)
    return ColouredPoints(
        positions.take(chosen, axis=0), colours.take(chosen, axis=0), confidences.take(chosen)
    )


def pixels_that_pass(
    points: np.ndarray, confidence: np.ndarray, camera_centre: np.ndarray, keep: PointFilter
) -> np.ndarray:
    """Which pixels (H, W) of a pointmap are valid, confident and near enough; the stride aside."""
    passing = (confidence >= keep.min_confidence) & (confidence > 0)
    if not _bound_is_within(keep.max_range, points, camera_centre):
        passing &= _within(keep.max_range, points, camera_centre)
    return passing


def _bound_is_within(reach: float, points: np.ndarray, centre: np.ndarray) -> bool:
    """Whether no valid point can be farther off: true of most frames, and far quicker to tell."""
    if not points.size:  # OpenCV takes no empty arrays
        return True
    farthest = cv2.norm(points, cv2.NORM_INF) + float(np.abs(centre).max())  # along an axis
    return farthest * 3**0.5 <= reach


def _within(reach: float, points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Which of the points (H, W, 3) are at most `reach` away; NaN compares false."""
    offsets = points - centre.astype(points.dtype)
    offsets *= offsets
    return cv2.transform(offsets, np.ones((1, 3))) <= reach**2


def move_points(pose: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 3) float32 moved by an affine transform (4, 4), in float32."""
    if not points.size:  # OpenCV takes no empty arrays
        return points
    return cv2.transform(points.reshape(1, -1, 3), pose[:3]).reshape(points.shape)


def heights_of(positions: np.ndarray, map_from_points: np.ndarray) -> np.ndarray:
    """Heights (N,) in m, along z of a z-up map, of positions (N, 3), given their pose (4, 4)."""
    row = map_from_points[2].astype(np.float32)
    return positions @ row[:3] + row[3]


def between_heights(
    cloud: ColouredPoints, heights: np.ndarray, lowest: float, highest: float
) -> ColouredPoints:
    """The points whose heights (N,) lie in lowest..highest, metres."""
    return taken(cloud, (heights >= lowest) & (heights <= highest))


def one_per_voxel(cloud: ColouredPoints, voxel_size_m: float) -> ColouredPoints:
    """The most confident point of each voxel that holds any; the first of equal ones."""
    return taken(cloud, first_of_voxels(cloud, voxel_size_m))


def first_of_voxels(cloud: ColouredPoints, voxel_size_m: float) -> np.ndarray:
    """Indices (M,), in order, of the points that `one_per_voxel` keeps."""
    if not len(cloud.positions):
        return np.empty(0, np.int64)
    keys = _voxel_keys(cloud.positions, voxel_size_m)
    order = np.argsort(keys, kind="stable")
    voxel = np.cumsum(_differs_from_last(keys[order])) - 1  # (N,) numbers of voxels
    confidences = cloud.confidences[order]
    best = np.maximum.reduceat(confidences, np.flatnonzero(_differs_from_last(voxel)))
    are_best = np.flatnonzero(confidences == best[voxel])
    return np.sort(order[are_best[_differs_from_last(voxel[are_best])]])


def _voxel_keys(positions: np.ndarray, voxel_size_m: float) -> np.ndarray:
    """A number (N,) for the voxel of each point (N, 3): to sort by one is faster than by three."""
    cells = np.floor(positions / np.float32(voxel_size_m)).astype(np.int64)
    cells -= cells.min(0)
    extent = cells.max(0) + 1
    if np.prod(extent, dtype=np.float64) < np.iinfo(np.int64).max:
        return np.ravel_multi_index(tuple(cells.T), tuple(extent))
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)


def _differs_from_last(values: np.ndarray) -> np.ndarray:
    """Whether each value (N,) is another than the one before it, (N,) bool; the first is."""
    return np.concatenate(([True], values[1:] != values[:-1]))


def taken(cloud: ColouredPoints, which: np.ndarray) -> ColouredPoints:
    """The points of a mask (N,) bool or of indices (M,)."""
    return ColouredPoints(cloud.positions[which], cloud.colours[which], cloud.confidences[which])
