"""Level of detail: a map of any size as one that a browser draws with ease."""

from __future__ import annotations

import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.points import first_of_voxels, taken
from mem4d_ros.viewer.scene import MapCloud

FINEST_M = 0.02
STEP = 2**0.25
"""From a voxel to the next: of a surface it holds 1.4 times the points."""
FEW = 0.6
"""Of the points that there may be; with fewer of them, the next smaller voxel is tried."""


class Detail:
    """Thins a map that grows and moves to `most` points: of each voxel the most confident.

    The voxel is as small as can be, in steps. It stays while it serves, so that of a map
    that hardly changes the same points stay.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.voxel_m = 0.0  # 0: every point is kept

    def thinned(self, cloud: MapCloud) -> MapCloud:
        """At most `most` points of the map."""
        if len(cloud.points.positions) <= self._most:
            self.voxel_m = 0.0
            return cloud
        chosen = self._chosen(cloud.points)
        times = None if cloud.times is None else cloud.times[chosen]
        return MapCloud(taken(cloud.points, chosen), times)

    def _chosen(self, points: ColouredPoints) -> np.ndarray:
        voxel_m = max(self.voxel_m, FINEST_M)
        chosen = first_of_voxels(points, voxel_m)
        while len(chosen) < FEW * self._most and voxel_m > FINEST_M:
            voxel_m = max(voxel_m / STEP, FINEST_M)
            chosen = first_of_voxels(points, voxel_m)
        while len(chosen) > self._most:
            voxel_m *= STEP
            chosen = first_of_voxels(points, voxel_m)
        self.voxel_m = voxel_m
        return chosen


def evenly(points: ColouredPoints, most: int) -> ColouredPoints:
    """Every n-th point, so that at most `most` are left."""
    step = -(-len(points.positions) // most) or 1
    return taken(points, np.arange(0, len(points.positions), step)) if step > 1 else points
