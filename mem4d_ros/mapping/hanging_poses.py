"""Poses that hang on keyframes, and move with them when a loop closes."""

from __future__ import annotations

import numpy as np

from mem4d_ros.mapping.correction import Correction, moved_pose


class HangingPoses:
    """Poses of frames in order, where they are now."""

    def __init__(self) -> None:
        self._poses: list[np.ndarray] = []
        self._keyframes: list[int] = []

    def add(self, pose: np.ndarray, keyframe: int) -> None:
        """Take in the next frame's, (4, 4), and the number of the keyframe that it hangs on."""
        self._poses.append(pose)
        self._keyframes.append(keyframe)

    def move(self, correction: Correction) -> None:
        """Move each with its keyframe."""
        if self._poses:
            motions = correction.of(np.array(self._keyframes))
            self._poses = list(moved_pose(motions, self.poses))

    @property
    def poses(self) -> np.ndarray:
        """(T, 4, 4) float64."""
        return np.array(self._poses, np.float64).reshape(-1, 4, 4)
