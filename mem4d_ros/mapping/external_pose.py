"""Another odometry, of wheels or legs: where it says that the camera is, and how sure that is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.rotations import angle_between, logarithm, orthonormal, skew

DEVIATION_RATIO, LEAST_TURN_DEVIATION, LEAST_WAY_DEVIATION = 0.03, 0.005, 0.003
"""Of the turn and the way from one keyframe to the next; at least rad, and m of the odometry."""


@dataclass(frozen=True)
class ExternalPose:
    """Where another odometry says that the camera is.

    Attributes:
        odom_from_camera: (4, 4).
        metre: the odometry's by the map's: of so many of the map's is one of the odometry's.
        metre_deviation: relative, of that.
        beginning: how often the odometry had begun anew, as when it is set to zero; between poses
            of different ones no way is known.
    """

    odom_from_camera: np.ndarray
    metre: float
    metre_deviation: float = 0.0
    beginning: int = 0

    def since(self, earlier: ExternalPose) -> np.ndarray:
        """The motion from an earlier pose (4, 4), in the map's metres."""
        motion = rigid_inverse(earlier.odom_from_camera) @ self.odom_from_camera
        motion[:3, :3] = orthonormal(motion[:3, :3])
        motion[:3, 3] *= self.metre
        return motion

    def is_of(self, earlier: ExternalPose) -> bool:
        """Whether the way from an earlier pose is known."""
        return self.beginning == earlier.beginning

    def rescaled(self, scale: float) -> ExternalPose:
        """The same for a map that has become so many times as large."""
        return replace(self, metre=self.metre * scale)


def turn_and_way(motion: np.ndarray) -> tuple[float, float]:
    """Rad and m of a motion (4, 4)."""
    return angle_between(np.eye(3), motion[:3, :3]), float(np.linalg.norm(motion[:3, 3]))


@dataclass(frozen=True)
class ToldWays:
    """W motions from one keyframe to the next, as another odometry has them.

    Attributes:
        earlier, later: (W,) indices of the keyframes.
        motions: (W, 4, 4), the later one as the earlier one sees it, metres of the map.
        deviations: (W, 6), of the turn about each axis in rad, then of the way in m.
    """

    earlier: np.ndarray
    later: np.ndarray
    motions: np.ndarray
    deviations: np.ndarray

    @classmethod
    def between(cls, numbers: Sequence[int], told: Sequence[ExternalPose | None]) -> ToldWays:
        """From each keyframe to the next, by their numbers (K,), where none is missing between."""
        earlier, later, motions, deviations = [], [], [], []
        for index, (before, after) in enumerate(itertools.pairwise(told)):
            follows = numbers[index + 1] == numbers[index] + 1
            if follows and before is not None and after is not None and after.is_of(before):
                earlier.append(index)
                later.append(index + 1)
                motions.append(after.since(before))
                turn, way = turn_and_way(motions[-1])
                turn = LEAST_TURN_DEVIATION + DEVIATION_RATIO * turn
                way *= math.hypot(DEVIATION_RATIO, after.metre_deviation)
                way += LEAST_WAY_DEVIATION * after.metre
                deviations.append(np.repeat((turn, way), 3))
        return cls(
            np.array(earlier, np.int64),
            np.array(later, np.int64),
            np.reshape(np.array(motions), (-1, 4, 4)),
            np.reshape(np.array(deviations), (-1, 6)),
        )

    def linearised(self, camera_to_world: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Errors (W, 6) in deviations, and their derivatives (W, 6, 6) by both ends of each way.

        Args:
            camera_to_world: (K, 4, 4), which changes by turns about own axes, then in the world.
        """
        start, end = camera_to_world[self.earlier], camera_to_world[self.later]
        seen = rigid_inverse(start) @ end
        turn = logarithm(self.motions[:, :3, :3].swapaxes(1, 2) @ seen[:, :3, :3])
        errors = np.concatenate((turn, seen[:, :3, 3] - self.motions[:, :3, 3]), -1)
        to_start = start[:, :3, :3].swapaxes(1, 2)
        by_earlier, by_later = np.zeros((2, len(errors), 6, 6))
        by_earlier[:, :3, :3] = -seen[:, :3, :3].swapaxes(1, 2)
        by_earlier[:, 3:, :3] = skew(seen[:, :3, 3])
        by_earlier[:, 3:, 3:] = -to_start
        by_later[:, :3, :3] = np.eye(3)
        by_later[:, 3:, 3:] = to_start
        scale = self.deviations[..., None]
        return errors / self.deviations, by_earlier / scale, by_later / scale


NO_WAYS = ToldWays.between((), ())
