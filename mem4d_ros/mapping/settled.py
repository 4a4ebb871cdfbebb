"""Which landmarks of a frame are known well enough to be told the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.mapping.camera_pose import seen_at
from mem4d_ros.mapping.growth import LEAST_LANDMARKS, fits_its_look
from mem4d_ros.mapping.keyframes import Map
from mem4d_ros.mapping.landmarks import SETTLED_VARIANCE
from mem4d_ros.mapping.tracks import Tracks

SETTLED_HITS = 2
"""Frames in which a landmark was where it should be until the network is told of it."""
LEAST_DEVIATION = 0.04
"""Of a landmark's log depth: the poses are not quite right either, and what lies around a corner
is only about as far away."""


@dataclass(frozen=True)
class Settled:
    """Landmarks of a frame that are seen and known: pixels (N, 2), depth and deviation in m."""

    pixels: np.ndarray
    depth: np.ndarray
    deviation: np.ndarray


def settled_of(world: Map, frame: Tracks, pose: np.ndarray, intrinsics: np.ndarray) -> Settled:
    """The landmarks of a frame from a pose (4, 4) that are known well.

    None where they are few: a single wrong one would lead all else astray.
    """
    table = world.landmarks
    variance, hits = table.variance[frame.numbers], table.hits[frame.numbers]
    known = (variance < SETTLED_VARIANCE) & (hits >= SETTLED_HITS)
    if known.sum() < LEAST_LANDMARKS:
        known[:] = False
    known[known] = fits_its_look(world, frame.numbers[known])
    points = world.points(frame.numbers[known], intrinsics)
    depth = seen_at(points.position, pose)[1]
    deviation = depth * np.sqrt(variance[known] + LEAST_DEVIATION**2)
    return Settled(frame.pixels[known], depth, deviation)
