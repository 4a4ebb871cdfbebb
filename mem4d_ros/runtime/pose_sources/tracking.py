"""Image points followed from one grey image (H, W) uint8 to another."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.mapping.tracker import flow, is_inside

PYRAMID_LEVELS = 3
QUALITY = 0.005
"""Of a corner, relative to the best one: rooms have plain walls beside bright windows."""
LARGEST_DISAGREEMENT = 0.7
"""Pixels between a point and where tracking there and back leads."""


def find_corners(image: np.ndarray, count: int, spacing: float, taken: np.ndarray) -> np.ndarray:
    """Up to `count` corners (N, 2), `spacing` pixels from each other and from points `taken`."""
    free = np.full(image.shape, 255, np.uint8)
    for x, y in np.rint(taken).astype(int).tolist():
        cv2.circle(free, (x, y), round(spacing), 0, -1)
    corners = cv2.goodFeaturesToTrack(image, count, QUALITY, spacing, mask=free) if count else None
    return np.empty((0, 2)) if corners is None else corners[:, 0].astype(np.float64)


def track(
    source: np.ndarray, target: np.ndarray, points: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where points (N, 2) of the source are in the target, (N, 2), and which were found, (N,) bool.

    Pyramidal Lucas-Kanade from `guess` (N, 2); a point counts as found if it leads back.
    """
    if not len(points):
        return guess, np.zeros(0, bool)
    found, there = flow(source, target, points, guess, PYRAMID_LEVELS)
    returned, back = flow(target, source, found, points, PYRAMID_LEVELS)
    agrees = np.linalg.norm(returned - points, axis=-1) < LARGEST_DISAGREEMENT
    return found, there & back & agrees & is_inside(found, target.shape)
