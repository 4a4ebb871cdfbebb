"""How far apart the points of a cloud are."""

from __future__ import annotations

import cv2
import numpy as np

SAMPLE = 64
CLOSING = 0.9
"""Radius of discs, by the distance of neighbours: viser's `point_size` is half of their width.

Discs of a map of voxels then cover nine tenths of the surface; larger ones hide what is small.
"""


def spacing(positions: np.ndarray) -> float:
    """The median distance in m from a point (N, 3) to its neighbour, of some; 0 for a lone one."""
    if len(positions) < 2:
        return 0.0
    points = np.ascontiguousarray(positions, np.float32)
    sample = points[:: -(-len(points) // SAMPLE)]
    # Each is the nearest to itself.
    distances, _ = cv2.batchDistance(sample, points, cv2.CV_32F, normType=cv2.NORM_L2, K=2)
    return float(np.median(distances[:, 1]))
