"""Clouds made smaller: by height, range, confidence, and density. Pure functions."""

import numpy as np

from mem4d_ros.runtime.points import ColouredPoints


def heights_of(positions: np.ndarray, map_from_points: np.ndarray) -> np.ndarray:
    """Heights (N,) in m, along z of a z-up map, of positions (N, 3), given their pose (4, 4)."""
    row = map_from_points[2].astype(np.float32)
    return positions @ row[:3] + row[3]


def between_heights(
    cloud: ColouredPoints, heights: np.ndarray, lowest: float, highest: float
) -> ColouredPoints:
    """The points whose heights (N,) lie in lowest..highest, metres."""
    return _taken(cloud, (heights >= lowest) & (heights <= highest))


def within_range(
    cloud: ColouredPoints, centre: np.ndarray, nearest: float, farthest: float
) -> ColouredPoints:
    """The points at nearest..farthest metres from `centre` (3,), in the cloud's frame."""
    offsets = cloud.positions - centre.astype(np.float32)
    squared = np.einsum("ni,ni->n", offsets, offsets)
    return _taken(cloud, (squared >= nearest**2) & (squared <= farthest**2))


def at_least_as_sure(cloud: ColouredPoints, confidence: float) -> ColouredPoints:
    """The points of at least this confidence."""
    return _taken(cloud, cloud.confidences >= confidence)


def one_per_voxel(cloud: ColouredPoints, voxel_size_m: float) -> ColouredPoints:
    """The surest point of each voxel that holds any; the first of equally sure ones."""
    cells = np.floor(cloud.positions / np.float32(voxel_size_m)).astype(np.int64)
    order = np.lexsort((-cloud.confidences, *cells.T))
    sorted_cells = cells[order]
    first = np.ones(len(order), bool)
    first[1:] = (sorted_cells[1:] != sorted_cells[:-1]).any(-1)
    return _taken(cloud, np.sort(order[first]))


def _taken(cloud: ColouredPoints, which: np.ndarray) -> ColouredPoints:
    """The points of a mask (N,) bool or of indices (M,)."""
    return ColouredPoints(cloud.positions[which], cloud.colours[which], cloud.confidences[which])
