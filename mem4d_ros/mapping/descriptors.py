"""What corners look like, in bits that can be compared across images: ORB's descriptors.

Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

DISTINCT = 0.8
"""The second best match is farther by this ratio."""
PATCH_PX = 31
FEATURES, LEAST_CONTRAST = 1000, 5
"""Corners of many scales that are looked for in an image."""
_RADIUS = PATCH_PX // 2
_OFFSETS = np.arange(-_RADIUS, _RADIUS + 1)
_IN_DISC = np.abs(_OFFSETS) <= np.rint(np.sqrt(_RADIUS**2 - _OFFSETS[:, None] ** 2))
_IN_DISC |= _IN_DISC.T


@dataclass(frozen=True)
class Corners:
    """Corners of an image: pixels (N, 2) and descriptors (N, 32)."""

    pixels: np.ndarray
    descriptors: np.ndarray


def corners_of(image: np.ndarray) -> Corners:
    """Corners of many scales of a grey image (H, W) uint8."""
    detector = cv2.ORB.create(FEATURES, fastThreshold=LEAST_CONTRAST)
    points, descriptors = detector.detectAndCompute(image, None)
    if not len(points):
        return Corners(np.empty((0, 2)), np.empty((0, 32), np.uint8))
    return Corners(np.array([point.pt for point in points]), np.asarray(descriptors))


def describe(image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Descriptors (N, 32) uint8 of pixels (N, 2) of a grey image (H, W) uint8."""
    if not len(pixels):
        return np.empty((0, 32), np.uint8)
    angles = np.rad2deg(directions(image, pixels)) % 360
    points = [
        cv2.KeyPoint(x, y, PATCH_PX, angle, 0, 0, index)
        for index, ((x, y), angle) in enumerate(zip(pixels.tolist(), angles.tolist(), strict=True))
    ]
    # Without a border to keep away from, all are described, in their order.
    _, descriptors = cv2.ORB.create(nlevels=1, edgeThreshold=0).compute(image, points)
    return np.asarray(descriptors)


def distinct_matches(own: np.ndarray, theirs: np.ndarray) -> list[cv2.DMatch]:
    """For descriptors (N, 32) the nearest of others (n, 32), n ≥ 2, where the next is farther."""
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(own, theirs, k=2)
    return [first for first, second in pairs if first.distance < DISTINCT * second.distance]


def directions(image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Where the brightness about pixels (N, 2) has its centre, as angles (N,) in rad from x to y.

    OpenCV has directions of corners that it found itself, but gives none to those it is given.
    """
    padded = np.pad(image, _RADIUS, mode="reflect")
    columns, rows = np.rint(pixels).astype(int).T
    near_rows, near_columns = np.nonzero(_IN_DISC)
    patches = padded[rows[:, None] + near_rows, columns[:, None] + near_columns]
    weights = np.stack((_OFFSETS[near_rows], _OFFSETS[near_columns]), -1).astype(np.float32)
    down, right = (patches.astype(np.float32) @ weights).T
    angles: np.ndarray = np.arctan2(down, right)
    return angles
