"""The landmarks that a map is sure of, for the eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.mapping.keyframes import Map
from mem4d_ros.mapping.landmarks import SETTLED_VARIANCE

LEAST_HITS = 3


@dataclass(frozen=True)
class LandmarkCloud:
    """Landmarks in the world.

    Attributes:
        positions: (N, 3) m.
        brightness: (N,) uint8, of the pixel that they were first seen at.
        hits: (N,) in how many frames they were where they should be.
    """

    positions: np.ndarray
    brightness: np.ndarray
    hits: np.ndarray


def landmark_cloud(known: Map, intrinsics: np.ndarray) -> LandmarkCloud:
    """Those alive landmarks whose depth is settled, given the camera's intrinsics (3, 3)."""
    table = known.landmarks
    settled = table.is_alive & (table.variance < SETTLED_VARIANCE) & (table.hits >= LEAST_HITS)
    numbers = np.flatnonzero(settled)
    brightness = np.zeros(len(numbers), np.uint8)
    hosts = table.host[numbers]
    for host in np.unique(hosts).tolist():
        image = known.keyframes[host].image
        here = hosts == host
        height, width = image.shape
        columns, rows = np.rint(table.pixel[numbers[here]]).astype(int).T
        brightness[here] = image[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    points = known.points(numbers, intrinsics)
    return LandmarkCloud(points.position, brightness, table.hits[numbers])
