"""Visual odometry with a map of its own: poses from landmarks that many frames agree on."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mem4d_ros.mapping import AtOnce, DenseView, Estimate, Map, Odometry, Worker, landmark_cloud
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.pose_sources.source import (
    NOTHING_FORESEEN,
    CameraFrame,
    Foreseen,
    PoseEstimate,
    PoseFrame,
)


class GeometryPose:
    """Locates each frame in a map of landmarks before the network sees it.

    The network is told where the frame was taken and how far away its landmarks are; what it says
    of the rest is where new landmarks start from.
    """

    keeps_global_pointmap = False

    def __init__(self, worker: Callable[[], Worker] = AtOnce, closes_loops: bool = True) -> None:
        """`worker` makes those that adjust the map: at once, while the frame waits, or beside."""
        self._odometry = Odometry(worker, closes_loops)
        self.reset()

    def reset(self) -> None:
        """Forget the map."""
        self._odometry.reset()
        self._predicted: np.ndarray | None = None
        self._frame: CameraFrame | None = None
        self._estimate: Estimate | None = None

    @property
    def map(self) -> Map:
        """Keyframes and landmarks as they are now."""
        return self._odometry.map

    def landmarks(self) -> ColouredPoints:
        """The landmarks that the map is sure of."""
        if self._frame is None or (intrinsics := self._intrinsics(self._frame)) is None:
            return ColouredPoints(
                np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
            )
        found = landmark_cloud(self.map, intrinsics)
        return ColouredPoints(
            found.positions.astype(np.float32),
            np.repeat(found.brightness[:, None], 3, axis=1),
            found.hits.astype(np.float32),
        )

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """The pose, where the frame determines it, and the landmarks that are settled."""
        self._frame, self._estimate = frame, None
        intrinsics = self._intrinsics(frame)
        if intrinsics is None or self._odometry.is_empty:
            return NOTHING_FORESEEN
        estimate = self._estimate = self._locate(frame, intrinsics)
        if not estimate.measured:
            return NOTHING_FORESEEN
        settled = self._odometry.settled(intrinsics)
        points = MeasuredPoints(settled.pixels, settled.depth, settled.deviation)
        return Foreseen(estimate.camera_to_world, points, self._odometry.is_due(intrinsics))

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The pose; the frame's depth goes into the map."""
        camera = self._frame
        assert camera is not None
        intrinsics = camera.transform.intrinsics_to_input(frame.intrinsics)
        self._predicted = intrinsics
        located = self._estimate or self._locate(camera, intrinsics)
        dense = DenseView(frame.points_camera[..., 2], frame.image, camera.transform)
        scale = self._odometry.depth_scale(dense, intrinsics)
        self._odometry.learn(dense, intrinsics, frame.place)
        return PoseEstimate(
            located.camera_to_world,
            located.measured,
            scale,
            located.covariance,
            located.keyframe,
            located.correction,
        )

    def _locate(self, frame: CameraFrame, intrinsics: np.ndarray) -> Estimate:
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        return self._odometry.locate(grey, intrinsics)

    def _intrinsics(self, frame: CameraFrame) -> np.ndarray | None:
        """(3, 3). None for the first frame of a camera that nobody has calibrated."""
        return self._predicted if frame.intrinsics is None else frame.intrinsics
