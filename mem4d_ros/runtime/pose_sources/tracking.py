"""Image points followed from one grey image (H, W) uint8 to another."""

from __future__ import annotations

import cv2
import numpy as np

WINDOW = (15, 15)
PYRAMID_LEVELS = 3
STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)
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
    found, there = _flow(source, target, points, guess)
    returned, back = _flow(target, source, found, points)
    agrees = np.linalg.norm(returned - points, axis=-1) < LARGEST_DISAGREEMENT
    height, width = target.shape
    inside = ((found >= 0) & (found <= (width - 1, height - 1))).all(-1)
    return found, there & back & agrees & inside


def _flow(
    source: np.ndarray, target: np.ndarray, points: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        source,
        target,
        points.astype(np.float32)[:, None],
        guess.astype(np.float32)[:, None].copy(),
        winSize=WINDOW,
        maxLevel=PYRAMID_LEVELS,
        criteria=STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return found[:, 0].astype(np.float64), status[:, 0] == 1
