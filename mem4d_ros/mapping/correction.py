"""How a world moves when a loop closes: each keyframe takes along what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mem4d_ros.geometry import transform_points

NO_LINKS = np.empty((0, 2, 3))
BEFORE_ALL = -1
"""A number that is less than that of any keyframe."""


@dataclass(frozen=True)
class Correction:
    """Similarities of the world, by keyframe.

    Attributes:
        keyframes: (K,) their numbers, in order.
        motions: (K, 4, 4), from places in the world before to places in the world after.
        links: (L, 2, 3), of all loops so far: where in the world after the two keyframes are that
            were found to see the same.
    """

    keyframes: np.ndarray
    motions: np.ndarray
    links: np.ndarray = field(default_factory=NO_LINKS.copy)

    def of(self, keyframes: np.ndarray) -> np.ndarray:
        """Motions (N, 4, 4) of what hangs on the keyframes with numbers (N,).

        One that the map has given up moves as the one before it, and what is older than all of
        them stays.
        """
        index = np.searchsorted(self.keyframes, keyframes, side="right")
        return np.concatenate((np.eye(4)[None], self.motions))[index]

    def after(self, motion: np.ndarray) -> Correction:
        """The same after a similarity (4, 4) that moves all of the world first."""
        return Correction(
            np.concatenate(([BEFORE_ALL], self.keyframes)),
            np.concatenate((motion[None], self.motions @ motion)),
            self.links,
        )

    def seen_from(self, other_from_world: np.ndarray) -> Correction:
        """The same in another frame (4, 4), which may have other metres."""
        back = np.linalg.inv(other_from_world)
        return Correction(
            self.keyframes,
            other_from_world @ self.motions @ back,
            transform_points(other_from_world, self.links),
        )


def of_all(motion: np.ndarray) -> Correction:
    """The correction that moves all of the world by one similarity (4, 4)."""
    return Correction(np.array([BEFORE_ALL]), motion[None])


def moved_pose(motion: np.ndarray, camera_to_world: np.ndarray) -> np.ndarray:
    """Poses (..., 4, 4) under similarities (..., 4, 4): cameras move and turn, but do not grow."""
    moved: np.ndarray = motion @ camera_to_world
    moved[..., :3, :3] /= scale_of(motion)[..., None, None]
    return moved


def moved_covariance(motion: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Covariance (6, 6) of a pose under a similarity (4, 4): turns are about the camera's axes."""
    change = np.eye(6)
    change[3:, 3:] = motion[:3, :3]
    moved: np.ndarray = change @ covariance @ change.T
    return moved


def scale_of(motion: np.ndarray) -> np.ndarray:
    """By how much similarities (..., 4, 4) make lengths longer, (...)."""
    return np.cbrt(np.linalg.det(motion[..., :3, :3]))
