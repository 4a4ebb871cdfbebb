"""Views that are kept to tell what was seen through, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.geometry import half_depth
from mem4d_ros.mapping import Correction, moved_pose
from mem4d_ros.mapping.correction import scale_of
from mem4d_ros.runtime.reconstruction import Reconstruction

COLUMNS = 96
"""Of a kept view, about."""
PLACE_M, DIRECTION = 0.25, 0.25
"""Sides of the cells of places, and of viewing directions (unit vectors), of which each keeps its
newest view: some 14 degrees."""
MAX_VIEWS = 500
"""10 MB; beyond it the oldest is forgotten."""


@dataclass(frozen=True, eq=False)
class View:
    """What a camera saw, small; each is equal to itself alone.

    Attributes:
        depth: (h, w) float16, metres along z of the optical frame, NaN where unknown.
        moving: (h, w) bool, pixels of what moves.
        intrinsics: (3, 3), pixels of `depth`; camera_to_world: (4, 4).
        keyframe: number of the one that the view hangs on.
    """

    depth: np.ndarray
    moving: np.ndarray
    intrinsics: np.ndarray
    camera_to_world: np.ndarray
    keyframe: int = 0

    @classmethod
    def of(cls, reconstruction: Reconstruction, moving: np.ndarray, least: float) -> View:
        """Every n-th pixel of a frame; `least` is the minimum confidence of its depth."""
        stride = max(1, round(moving.shape[1] / COLUMNS))
        grid = (slice(stride // 2, None, stride), slice(stride // 2, None, stride))
        confidence = reconstruction.confidence_camera[grid]
        depth = np.where(
            (confidence > 0) & (confidence >= least), reconstruction.depth[grid], np.nan
        )
        to_view = np.array(
            [[1.0, 0.0, -(stride // 2)], [0.0, 1.0, -(stride // 2)], [0.0, 0.0, stride]]
        )
        return cls(
            half_depth(depth),
            moving[grid].copy(),
            to_view / stride @ reconstruction.intrinsics,
            reconstruction.camera_to_world,
            reconstruction.keyframe,
        )


class Views:
    """The newest view from each place in each direction. Not thread-safe."""

    def __init__(self) -> None:
        self._views: dict[tuple[int, ...], View] = {}  # the oldest first

    def __len__(self) -> int:
        return len(self._views)

    def add(self, view: View, is_first: bool) -> None:
        """Take a view in, the first of a new world or another; one from the same place goes."""
        if is_first:
            self._views.clear()
        key = _place_of(view.camera_to_world)
        self._views.pop(key, None)
        self._views[key] = view
        if len(self._views) > MAX_VIEWS:
            del self._views[next(iter(self._views))]

    def move(self, correction: Correction) -> None:
        """Move each view with its keyframe."""
        views = self.all()
        self._views.clear()
        motions = correction.of(np.array([view.keyframe for view in views], int))
        for view, motion in zip(views, motions, strict=True):
            moved = view
            if not np.array_equal(motion, np.eye(4)):
                depth = half_depth(view.depth * scale_of(motion))
                pose = moved_pose(motion, view.camera_to_world)
                moved = replace(view, depth=depth, camera_to_world=pose)
            self.add(moved, is_first=False)

    def all(self) -> tuple[View, ...]:
        """Those that are kept, the newest last."""
        return tuple(self._views.values())


def _place_of(pose: np.ndarray) -> tuple[int, ...]:
    """The cell of a camera (4, 4)."""
    place, direction = pose[:3, 3] / PLACE_M, pose[:3, 2] / DIRECTION
    return tuple(np.rint(np.concatenate((place, direction))).astype(int).tolist())
