"""Image points followed from one grey image (H, W) uint8 to another, forward and back."""

from __future__ import annotations

import cv2
import numpy as np

WINDOW = (15, 15)
LEVELS = 4
STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)
QUALITY = 0.003
"""Of a corner, relative to the best one: rooms have plain walls beside bright windows."""
COARSE_WIDTH = 128
LIGHT_RATIO = 0.03
"""Half the side of the square whose mean is taken away, by the image's long side."""
LARGEST_DISAGREEMENT = 0.7
"""Pixels between a point and where tracking there and back leads."""


def without_light(image: np.ndarray) -> np.ndarray:
    """The grey image (H, W) uint8 less its local mean: the tracker takes brightness as constant.

    Automatic exposure and lamps change it from one frame to the next.
    """
    size = 2 * round(LIGHT_RATIO * max(image.shape)) + 1
    return cv2.addWeighted(image, 1, cv2.blur(image, (size, size)), -1, 128)


def whole_shift(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """By how many pixels (2,) the image as a whole has moved (phase correlation of small copies).

    What a fast turn does, which the motion so far did not foretell.
    """
    scale = COARSE_WIDTH / source.shape[1]
    small = [
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for image in (source, target)
    ]
    first, second = (image.astype(np.float32) for image in small)
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(first, second, window)
    return np.array(shift) / scale


def track(
    source: np.ndarray,
    target: np.ndarray,
    points: np.ndarray,
    guess: np.ndarray,
    levels: int = LEVELS,
) -> tuple[np.ndarray, np.ndarray]:
    """Where points (N, 2) of the source are in the target, (N, 2), and which were found, (N,) bool.

    Pyramidal Lucas-Kanade from `guess` (N, 2); a point counts as found if it leads back.
    """
    if not len(points):
        return guess, np.zeros(0, bool)
    found, there = flow(source, target, points, guess, levels)
    returned, back = flow(target, source, found, points, 0)
    agrees = np.linalg.norm(returned - points, axis=-1) < LARGEST_DISAGREEMENT
    return found, there & back & agrees & is_inside(found, target.shape)


def flow(
    source: np.ndarray,
    target: np.ndarray,
    points: np.ndarray,
    guess: np.ndarray,
    levels: int = LEVELS,
) -> tuple[np.ndarray, np.ndarray]:
    """The same without the way back."""
    if not len(points):
        return guess, np.zeros(0, bool)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        source,
        target,
        points.astype(np.float32)[:, None],
        guess.astype(np.float32)[:, None].copy(),
        winSize=WINDOW,
        maxLevel=levels,
        criteria=STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return found[:, 0].astype(np.float64), status[:, 0] == 1


def is_inside(pixels: np.ndarray, shape: tuple[int, ...], border: float = 0) -> np.ndarray:
    """Which pixels (N, 2) lie in an image of this shape, (N,) bool; not those that are NaN."""
    upper = np.array([shape[1], shape[0]]) - 1 - border
    return np.asarray(((pixels >= border) & (pixels <= upper)).all(-1))


def find_corners(
    image: np.ndarray,
    count: int,
    spacing: float,
    taken: np.ndarray,
    left_out: np.ndarray | None = None,
) -> np.ndarray:
    """Up to `count` corners (N, 2), `spacing` pixels from each other and from points `taken`.

    Args:
        left_out: (H, W) bool, pixels that may be none.
    """
    if count <= 0:
        return np.empty((0, 2))
    free = np.full(image.shape, 255, np.uint8)
    for x, y in np.rint(taken).astype(int).tolist():
        cv2.circle(free, (x, y), round(spacing), 0, -1)
    if left_out is not None:
        free[left_out] = 0
    corners = cv2.goodFeaturesToTrack(image, count, QUALITY, spacing, mask=free)
    return np.empty((0, 2)) if corners is None else corners[:, 0].astype(np.float64)


def thinned(points: np.ndarray, taken: np.ndarray, spacing: float) -> np.ndarray:
    """Indices of points (N, 2), one in each square of that side in which none is `taken` (n, 2)."""
    squares, first = np.unique((points // spacing).astype(int), axis=0, return_index=True)
    occupied = {tuple(square) for square in (taken // spacing).astype(int).tolist()}
    free = [tuple(square) not in occupied for square in squares.tolist()]
    chosen: np.ndarray = first[np.array(free, bool)]
    return chosen
