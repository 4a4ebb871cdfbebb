"""One cloud out of many: the mean of the points in each voxel, weighted by confidence."""

from __future__ import annotations

import numpy as np

from mem4d_ros.runtime.points import ColouredPoints

MAX_VOXELS = 5_000_000
PENDING_POINTS = 1_000_000
"""Points are gathered up to so many before they are sorted into voxels."""


class VoxelCloud:
    """Points within a voxel become one. Its size is bounded: voxels double when there are too many.

    Points that move leave a trace: nothing here tells them from the ones that stand still.
    """

    def __init__(self, voxel_m: float, max_voxels: int = MAX_VOXELS) -> None:
        self.voxel_m = voxel_m
        self._max_voxels = max_voxels
        self._sums = np.empty((0, 8))  # Σ weight · (x, y, z, r, g, b), Σ weight, largest weight
        self._pending: list[np.ndarray] = []

    def integrate(self, points: ColouredPoints) -> None:
        """Take points in, in metres of one world; a confidence is a weight > 0."""
        weight = points.confidences.astype(np.float64)[:, None]
        values = np.column_stack((points.positions, points.colours)).astype(np.float64)
        self._pending.append(np.column_stack((weight * values, weight, weight)))
        if sum(map(len, self._pending)) >= PENDING_POINTS:
            self._merge()

    def points(self) -> ColouredPoints:
        """One point a voxel, with the largest confidence that was seen in it."""
        self._merge()
        means = self._sums[:, :6] / self._sums[:, 6:7]
        return ColouredPoints(
            means[:, :3].astype(np.float32),
            np.rint(means[:, 3:]).astype(np.uint8),
            self._sums[:, 7].astype(np.float32),
        )

    def _merge(self) -> None:
        self._sums = _summed_by_voxel(np.concatenate((self._sums, *self._pending)), self.voxel_m)
        self._pending.clear()
        while len(self._sums) > self._max_voxels:
            self.voxel_m *= 2
            self._sums = _summed_by_voxel(self._sums, self.voxel_m)


def _summed_by_voxel(sums: np.ndarray, voxel_m: float) -> np.ndarray:
    """Rows (N, 8) whose mean positions share a voxel, added up to one row (M, 8), ordered."""
    if not len(sums):
        return sums
    cells = np.floor(sums[:, :3] / sums[:, 6:7] / voxel_m)
    order = np.lexsort(cells.T)
    sums, cells = sums[order], cells[order]
    first = np.flatnonzero(np.r_[True, (cells[1:] != cells[:-1]).any(1)])
    return np.column_stack(
        (np.add.reduceat(sums[:, :7], first), np.maximum.reduceat(sums[:, 7:], first))
    )
