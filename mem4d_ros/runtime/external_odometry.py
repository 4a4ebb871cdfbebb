"""Somebody else's odometry: its pose at the time of an image, and what it leaves to correct."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse

MAX_POSES = 20_000
"""Of a history, however fast they come; 10 s of 2 kHz."""

BACK_NS = 100_000_000
"""So far back is looked for the speed at which an odometry goes on."""

LATE_S = 1.0
"""A stamp that is older than the newest by more is of a clock that was set back."""
FASTEST_M_S, JITTER_M = 100.0, 0.5
"""From one pose to the next: an odometry that was set to zero goes faster."""

LARGEST_GAP_NS = 500_000_000
"""Between two poses, or after the newest, over which an odometry is taken to go on."""

StampedPose = tuple[int, np.ndarray]
"""Nanoseconds and (4, 4)."""


def map_from_odom(map_from_base: np.ndarray, odom_from_base: np.ndarray) -> np.ndarray:
    """The transform (4, 4) to publish, so that odometry (4, 4) leads to the base's place (4, 4)."""
    return map_from_base @ rigid_inverse(odom_from_base)


def between_poses(earlier: np.ndarray, later: np.ndarray, share: float) -> np.ndarray:
    """The pose (4, 4) at `share` of the motion between two poses (4, 4), of 0 to 1 or beyond."""
    turn, _ = cv2.Rodrigues(earlier[:3, :3].T @ later[:3, :3])
    pose = earlier.copy()
    pose[:3, :3] = earlier[:3, :3] @ cv2.Rodrigues(share * turn)[0]
    pose[:3, 3] += share * (later[:3, 3] - earlier[:3, 3])
    return pose


def going_on(earlier: StampedPose, newest: StampedPose, stamp_ns: int) -> np.ndarray:
    """The pose (4, 4) at a time after two others, at the speed that led from one to the other."""
    share = (stamp_ns - earlier[0]) / (newest[0] - earlier[0])
    return between_poses(earlier[1], newest[1], share)


class PoseHistory:
    """Stamped poses of the last seconds. Not thread-safe."""

    def __init__(self, span_ns: int = 10_000_000_000, largest_gap_ns: int = LARGEST_GAP_NS) -> None:
        """Poses older than the newest by more than `span_ns` are forgotten."""
        self._span_ns = span_ns
        self._largest_gap_ns = largest_gap_ns
        self._stamped: list[StampedPose] = []

    def __len__(self) -> int:
        """The number of poses that are remembered."""
        return len(self._stamped)

    def add(self, stamp_ns: int, pose: np.ndarray) -> None:
        """Remember a pose (4, 4); order does not matter, but for a moment.

        A clock that is set back, and a pose that no robot can have come to, start anew. A stamp
        that repeats replaces its pose.
        """
        if self._stamped and not follows(self._stamped[-1], (stamp_ns, pose)):
            self._stamped.clear()
        index = bisect_left(self._stamped, stamp_ns, key=_stamp_of)
        after = bisect_right(self._stamped, stamp_ns, key=_stamp_of)
        self._stamped[index:after] = [(stamp_ns, pose)]
        oldest = self._stamped[-1][0] - self._span_ns
        del self._stamped[: bisect_left(self._stamped, oldest, key=_stamp_of)]
        del self._stamped[:-MAX_POSES]

    def may_come(self, stamp_ns: int) -> bool:
        """Whether a pose to come, soon after the newest, would tell where one was at this time."""
        if not self._stamped:
            return False
        return 0 < stamp_ns - self._stamped[-1][0] < self._largest_gap_ns

    def at(self, stamp_ns: int) -> np.ndarray | None:
        """The pose (4, 4) at a time, between the two about it.

        None before the first, after the last, and in a gap larger than `largest_gap_ns`.
        """
        index = bisect_right(self._stamped, stamp_ns, key=_stamp_of)
        if index == 0:
            return None
        before, pose = self._stamped[index - 1]
        if before == stamp_ns:
            return pose
        if index == len(self._stamped):
            return None
        after, next_pose = self._stamped[index]
        if after - before > self._largest_gap_ns:
            return None
        return between_poses(pose, next_pose, (stamp_ns - before) / (after - before))

    def about(self, stamp_ns: int) -> np.ndarray | None:
        """The pose (4, 4) at a time, also soon after the newest, if it goes on as it went."""
        if not self.may_come(stamp_ns):
            return self.at(stamp_ns)
        newest_ns, newest = self._stamped[-1]
        before_ns = newest_ns - BACK_NS
        before = self.at(before_ns)
        if before is None:
            return None
        return going_on((before_ns, before), (newest_ns, newest), stamp_ns)


def follows(newest: StampedPose, other: StampedPose) -> bool:
    """Whether the other may be of the same odometry, as it goes on, and was not set to zero."""
    seconds = (other[0] - newest[0]) * 1e-9
    way = float(np.linalg.norm(other[1][:3, 3] - newest[1][:3, 3]))
    return seconds > -LATE_S and way < JITTER_M + FASTEST_M_S * abs(seconds)


def _stamp_of(stamped: StampedPose) -> int:
    return stamped[0]
