"""Where a camera was seen last, how it moved then, and where it may be by now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.correction import moved_pose, scale_of
from mem4d_ros.mapping.external_pose import ExternalPose, turn_and_way
from mem4d_ros.mapping.rotations import orthonormal, part_of_motion

LEAST_WAY, LEAST_TURN_RAD = 0.02, 0.05
"""A frame, by the distance of what is seen: so much any camera may begin to move."""
LOST_VARIANCE = 0.1
"""By which a frame without a pose adds to the covariance at least, rad² and m²."""
LONGEST_GAP = 7
"""Frames that were not located, after which it is still known where the camera should be."""
SLIP_RATIO, LEAST_SLIP = 0.1, 0.05
"""Deviation of another odometry since the camera was seen: of way and turn, at least m and rad."""
TOLD_REACH = 3
"""Deviations from where another odometry has the camera, within which it is."""


@dataclass(frozen=True)
class CameraMotion:
    """A camera that moves on as another odometry says, or else as in the two frames located last.

    Attributes:
        seen: camera_to_world (4, 4) of the frame located last.
        step: (4, 4), from the frame after it to it, if the motion goes on.
        missed: frames since then that were not located.
        is_placed: whether the camera has a place in the world; without one it may be anywhere.
        told_seen: what the other odometry said of the frame located last.
        told: the same of the newest frame, or of the next one once `hearing` was called.
        silent: frames since then of which it has said nothing.
    """

    seen: np.ndarray = field(default_factory=lambda: np.eye(4))
    step: np.ndarray = field(default_factory=lambda: np.eye(4))
    missed: int = 0
    is_placed: bool = True
    told_seen: ExternalPose | None = None
    told: ExternalPose | None = None
    silent: int = 0

    @property
    def is_lost(self) -> bool:
        """Whether the newest frame was not located."""
        return self.missed > 0 or not self.is_placed

    @cached_property
    def way(self) -> np.ndarray | None:
        """(4, 4) since the frame located last, as the other odometry says; None: it does not."""
        if self.told is None or self.told_seen is None or not self.told.is_of(self.told_seen):
            return None
        return self.told.since(self.told_seen)

    @property
    def untold(self) -> int:
        """Frames since the one located last of whose motion nobody knows."""
        return self.missed if self.way is None else self.silent

    @property
    def is_foreseen(self) -> bool:
        """Whether it is known about where the next frame is taken."""
        return self.is_placed and self.untold <= LONGEST_GAP

    @cached_property
    def pose(self) -> np.ndarray:
        """Of the newest frame (4, 4). The motion goes on while it is lost.

        As it is told, or else halved each time.
        """
        if self.missed > 0 and self.way is not None:
            return self.expected
        return self.seen @ part_of_motion(self.step, 1 - 0.5**self.missed)

    @cached_property
    def expected(self) -> np.ndarray:
        """Pose of the next frame (4, 4), as it is told, or if the motion goes on as it was."""
        if self.way is not None:
            return np.asarray(self.seen @ self.way)
        return self.seen @ part_of_motion(self.step, self.missed + 1)

    def hearing(self, told: ExternalPose | None) -> CameraMotion:
        """With what the other odometry says of the next frame.

        Where it is silent while the camera is lost, what it said last holds, ever less surely.
        """
        if self.is_lost and told is None:
            return replace(self, silent=self.silent + 1)
        if self.is_lost and told and self.told_seen and not told.is_of(self.told_seen):
            # It was set to zero: go on from where the camera was last.
            return replace(self, seen=self.pose, told_seen=told, told=told, silent=0)
        return replace(self, told=told, silent=0)

    def located(self, pose: np.ndarray) -> CameraMotion:
        """With the next frame located at a pose (4, 4).

        The way of a camera that nobody saw is not that of one frame: it may stand by now.
        """
        step = np.eye(4) if self.is_lost else rigid_inverse(self.seen) @ pose
        return CameraMotion(pose, step, told_seen=self._told_now)

    def standing(self) -> CameraMotion:
        """Standing where the newest frame is taken to be, as if it had been located there."""
        return CameraMotion(self.pose, told_seen=self._told_now)

    def elsewhere(self) -> CameraMotion:
        """In another map, in which it may be anywhere; what is told of the next frame stays."""
        return CameraMotion(is_placed=False, told=self._told_now)

    @property
    def _told_now(self) -> ExternalPose | None:
        return self.told if self.silent == 0 else None

    def not_located(self) -> CameraMotion:
        """With the next frame not located."""
        return replace(self, missed=self.missed + 1)

    def moved(self, similarity: np.ndarray) -> CameraMotion:
        """The same in a world that has moved by a similarity (4, 4)."""
        seen, step = moved_pose(similarity, self.seen), self.step.copy()
        seen[:3, :3] = orthonormal(seen[:3, :3])
        scale = float(scale_of(similarity))
        step[:3, 3] *= scale
        told_seen, told = (
            None if told is None else told.rescaled(scale) for told in (self.told_seen, self.told)
        )
        return replace(self, seen=seen, step=step, told_seen=told_seen, told=told)

    def unseen_covariance(self) -> np.ndarray:
        """By which the frames that were not located add to that of the one located last, (6, 6).

        Untold, the camera may have gone on as it moved, or back: k frames of a way make a deviation
        of k.
        """
        if self.missed == 0:
            return np.zeros((6, 6))
        told = np.zeros(2) if self.way is None else _slip(self.way)
        moved = np.array(turn_and_way(self.step))
        variances = told**2 + self.untold * LOST_VARIANCE + (self.untold * moved) ** 2
        return np.diag(np.repeat(variances, 3))

    def may_be(self, pose: np.ndarray, distance: float) -> bool:
        """Whether the next frame can be at a pose (4, 4), by how the camera moved since then.

        Args:
            distance: of what is seen, metres.
        """
        if not self.is_placed:
            return True
        told = np.zeros(2) if self.way is None else TOLD_REACH * _slip(self.way)
        frames = self.missed + 1 if self.way is None else self.silent
        least = np.array((LEAST_TURN_RAD, LEAST_WAY * distance))
        turn, way = np.maximum(told + frames * np.maximum(turn_and_way(self.step), least), least)
        away_turn, away = turn_and_way(rigid_inverse(self.expected) @ pose)
        return away < way and away_turn < turn


def _slip(way: np.ndarray) -> np.ndarray:
    """Deviations (2,) of a motion (4, 4) that only another odometry tells: rad, m."""
    return np.maximum(SLIP_RATIO * np.array(turn_and_way(way)), LEAST_SLIP)
