"""Finding frames in a map that is given, and stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mem4d_ros.mapping.external_pose import ExternalPose
from mem4d_ros.mapping.growth import MIN_KEPT_RATIO, log_ratio
from mem4d_ros.mapping.keyframes import DenseView, Map
from mem4d_ros.mapping.locating import Found, is_sure, locate_anew, locate_near, locate_next
from mem4d_ros.mapping.motion import CameraMotion
from mem4d_ros.mapping.odometry import Estimate
from mem4d_ros.mapping.settled import Settled, settled_of
from mem4d_ros.mapping.tracker import without_light
from mem4d_ros.mapping.tracks import Tracks
from mem4d_ros.mapping.window import CORRELATION


class Localiser:
    """Follows a camera through a map of keyframes; nothing of the map changes.

    Landmarks are followed from frame to frame. Where many have left the image, those of the
    keyframes about it are looked for anew, so that errors of the tracking do not add up.
    """

    def __init__(self, world: Map) -> None:
        self.map = world
        self._frame: Tracks | None = None  # None: lost
        self._reference: Tracks | None = None  # against which landmarks are made exact
        self._motion = CameraMotion(is_placed=False)
        self._seen_covariance = np.zeros((6, 6))  # of the frame located last

    @property
    def _pose(self) -> np.ndarray:
        return self._motion.pose

    @property
    def _covariance(self) -> np.ndarray:
        return self._seen_covariance + self._motion.unseen_covariance()

    def locate(
        self, image: np.ndarray, intrinsics: np.ndarray, told: ExternalPose | None = None
    ) -> Estimate:
        """Where the image (H, W) uint8 was taken by a camera (3, 3).

        Args:
            told: what another odometry says of that.
        """
        self._motion = self._motion.hearing(told)
        found = self._find(without_light(image), intrinsics)
        if found is None:
            self._lose()
        else:
            self._accept(found, intrinsics)
        is_found = found is not None
        return Estimate(self._pose, self._covariance, is_found, placed=self._motion.is_placed)

    def settled(self, intrinsics: np.ndarray) -> Settled:
        """Landmarks of the frame located last."""
        assert self._frame is not None, "the frame was not found"
        return settled_of(self.map, self._frame, self._pose, intrinsics)

    def depth_scale(self, dense: DenseView, intrinsics: np.ndarray) -> float:
        """The map's metres by those of the depth of the frame located last."""
        otherwise = self.map.log_own_metre
        if self._frame is None:
            return float(np.exp(otherwise))
        frame, pose = self._frame, self._pose
        return float(np.exp(log_ratio(self.map, frame, pose, dense, intrinsics, otherwise)))

    def is_due(self, intrinsics: np.ndarray) -> bool:
        """Whether the frame located last is one that the next ones are compared with."""
        return self._frame is self._reference

    def learn(
        self, dense: DenseView, intrinsics: np.ndarray, place: np.ndarray | None = None
    ) -> None:
        """Nothing: the map stays as it is."""

    def _find(self, image: np.ndarray, intrinsics: np.ndarray) -> Found | None:
        if self._frame is not None and self._reference is not None:
            found = locate_next(
                self.map, self._reference, self._frame, image, intrinsics, self._motion
            )
            if found is not None:
                return found
        self._reference = None
        return locate_anew(self.map, image, intrinsics, self._motion)

    def _accept(self, found: Found, intrinsics: np.ndarray) -> None:
        self._motion = self._motion.located(found.located.camera_to_world)
        self._seen_covariance = CORRELATION * found.located.covariance
        self._frame = found.tracks[found.located.agrees]
        before = self._reference
        if before is None or len(self._frame.numbers) < MIN_KEPT_RATIO * len(before.numbers):
            self._refer(found, intrinsics)

    def _refer(self, found: Found, intrinsics: np.ndarray) -> None:
        """The frame is what the next ones are compared with, with all that keyframes know of it."""
        again = locate_near(self.map, found.tracks.image, intrinsics, self._pose)
        if again is not None and is_sure(again):
            self._motion = replace(self._motion, seen=again.located.camera_to_world)
            self._seen_covariance = CORRELATION * again.located.covariance
            self._frame = again.tracks[again.located.agrees]
        self._reference = self._frame

    def _lose(self) -> None:
        self._motion = self._motion.not_located()
        self._frame = self._reference = None
