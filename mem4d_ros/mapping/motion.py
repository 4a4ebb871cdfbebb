"""Where a camera was seen last, how it moved then, and where it may be by now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.correction import moved_pose, scale_of
from mem4d_ros.mapping.rotations import angle_between, orthonormal, part_of_motion

LEAST_WAY, LEAST_TURN_RAD = 0.02, 0.05
"""A frame, by the distance of what is seen: so much any camera may begin to move."""
LOST_VARIANCE = 0.1
"""By which a frame without a pose adds to the covariance at least, rad² and m²."""


@dataclass(frozen=True)
class CameraMotion:
    """A camera that moves on as it moved between the two frames located last.

    Attributes:
        seen: camera_to_world (4, 4) of the frame located last.
        step: (4, 4), from the frame after it to it, if the motion goes on.
        missed: frames since then that were not located.
        is_placed: whether the camera has a place in the world; without one it may be anywhere.
    """

    seen: np.ndarray = field(default_factory=lambda: np.eye(4))
    step: np.ndarray = field(default_factory=lambda: np.eye(4))
    missed: int = 0
    is_placed: bool = True

    @property
    def is_lost(self) -> bool:
        """Whether the newest frame was not located."""
        return self.missed > 0 or not self.is_placed

    @cached_property
    def pose(self) -> np.ndarray:
        """Of the newest frame (4, 4). The motion goes on while it is lost, halved each time."""
        return self.seen @ part_of_motion(self.step, 1 - 0.5**self.missed)

    @cached_property
    def expected(self) -> np.ndarray:
        """Pose of the next frame (4, 4), if the motion goes on as it was."""
        return self.seen @ part_of_motion(self.step, self.missed + 1)

    def located(self, pose: np.ndarray) -> CameraMotion:
        """With the next frame located at a pose (4, 4).

        The way of a camera that nobody saw is not that of one frame: it may stand by now.
        """
        step = np.eye(4) if self.is_lost else rigid_inverse(self.seen) @ pose
        return CameraMotion(pose, step)

    def not_located(self) -> CameraMotion:
        """With the next frame not located."""
        return replace(self, missed=self.missed + 1)

    def moved(self, similarity: np.ndarray) -> CameraMotion:
        """The same in a world that has moved by a similarity (4, 4)."""
        seen, step = moved_pose(similarity, self.seen), self.step.copy()
        seen[:3, :3] = orthonormal(seen[:3, :3])
        step[:3, 3] *= scale_of(similarity)
        return replace(self, seen=seen, step=step)

    def unseen_covariance(self) -> np.ndarray:
        """By which the newest frame, which was not located, adds to the pose's, (6, 6).

        The camera may have gone on as it moved, or back: k frames of a way make a deviation of k.
        """
        turn = float(angle_between(np.eye(3), self.step[:3, :3]))
        way = float(np.linalg.norm(self.step[:3, 3]))
        growth = 2 * self.missed - 1  # k² - (k - 1)²
        return np.diag(LOST_VARIANCE + growth * np.repeat((turn**2, way**2), 3))

    def may_be(self, pose: np.ndarray, distance: float) -> bool:
        """Whether the next frame can be at a pose (4, 4), by how the camera moved until now.

        Args:
            distance: of what is seen, metres.
        """
        if not self.is_placed:
            return True
        frames, expected = self.missed + 1, self.expected
        way = max(float(np.linalg.norm(self.step[:3, 3])), LEAST_WAY * distance)
        turn = max(float(angle_between(np.eye(3), self.step[:3, :3])), LEAST_TURN_RAD)
        return bool(
            np.linalg.norm(pose[:3, 3] - expected[:3, 3]) < frames * way
            and angle_between(pose[:3, :3], expected[:3, :3]) < frames * turn
        )
