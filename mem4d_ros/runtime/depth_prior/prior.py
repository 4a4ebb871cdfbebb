"""Depth of another network as evidence: a grid of points, known less well than landmarks."""

from __future__ import annotations

import time
from typing import Protocol

import cv2
import numpy as np

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.runtime.depth_prior.alignment import align
from mem4d_ros.runtime.depth_prior.description import Description
from mem4d_ros.runtime.measured_points import MeasuredPoints

GRID_PX = 8
"""Distance of the points, in pixels of the network's image."""
NOTHING = MeasuredPoints(np.empty((0, 2)), np.empty(0), np.empty(0))


class DepthFunction(Protocol):
    """What is asked of somebody's network."""

    @property
    def description(self) -> Description: ...

    def __call__(self, image: np.ndarray) -> np.ndarray: ...


class DepthPrior:
    """Adds what another network says to the points of a frame. Not thread-safe."""

    def __init__(self, network: DepthFunction, live: bool = False) -> None:
        """With `live` frames do not wait: where the network is slow, only keyframes are asked."""
        self._network = network
        self._live = live
        self._seconds = 0.0
        self._last_stamp_ns: int | None = None

    def is_wanted(self, stamp_ns: int, is_keyframe: bool) -> bool:
        """Whether the frame is to be asked: one that is no keyframe only if there is time.

        There is if the network takes less than half of the time between frames.
        """
        last, self._last_stamp_ns = self._last_stamp_ns, stamp_ns
        if is_keyframe or not self._live or last is None:
            return True
        return 2 * self._seconds < (stamp_ns - last) * 1e-9

    def extended(
        self, image: np.ndarray, transform: ImageTransform, points: MeasuredPoints | None
    ) -> MeasuredPoints | None:
        """The points of an image (H, W, 3) uint8 RGB, and what the network says in between.

        Where the points do not tell the scale of what it says, they are returned as they are.
        """
        started = time.perf_counter()
        said = self._network(image)
        self._seconds = time.perf_counter() - started
        known = NOTHING if points is None else points
        at_points = _look_up(said, known.pixels, image.shape[:2])
        aligned = align(said, at_points, known.depth, self._network.description)
        if aligned is None:
            return points
        pixels = _grid(transform)
        depth = _look_up(aligned.depth, pixels, image.shape[:2])
        return MeasuredPoints(
            np.concatenate((known.pixels, pixels)),
            np.concatenate((known.depth, depth)),
            np.concatenate((known.deviation, aligned.deviation * depth)),
        )


def _grid(transform: ImageTransform) -> np.ndarray:
    """Pixels (N, 2) of the camera's image under a grid on the network's."""
    rows = np.arange(GRID_PX // 2, transform.output_height, GRID_PX)
    columns = np.arange(GRID_PX // 2, transform.output_width, GRID_PX)
    cells = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)  # (N, 2)
    return transform.to_input(cells.astype(np.float64))


def _look_up(map_: np.ndarray, pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Values (N,) of a map (h, w) at pixels (N, 2) of an image of `size` (H, W); NaN outside."""
    if not len(pixels):
        return np.empty(0, np.float64)
    height, width = map_.shape
    scale = np.array([width / size[1], height / size[0]])
    x, y = ((pixels + 0.5) * scale - 0.5).astype(np.float32).T
    values = cv2.remap(
        map_.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    inside = (pixels >= -0.5).all(1) & (pixels < np.array(size[::-1]) - 0.5).all(1)
    looked_up: np.ndarray = np.where(inside, values[:, 0], np.nan).astype(np.float64)
    return looked_up
