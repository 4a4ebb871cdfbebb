"""Visual odometry with a map of its own: poses from landmarks that many frames agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping import (
    AtOnce,
    Correction,
    DenseView,
    Estimate,
    ExternalPose,
    Localiser,
    Map,
    MapCamera,
    Odometry,
    StoredMap,
    Worker,
    landmark_cloud,
)
from mem4d_ros.runtime.external_odometry import StampedPose, follows
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.pose_sources.source import (
    NOTHING_FORESEEN,
    CameraFrame,
    Foreseen,
    PoseEstimate,
    PoseFrame,
)
from mem4d_ros.runtime.scale import OdometryScale

LOOK_EVERY = 10
"""Frames from one look at the network's own depth to the next, at least: it costs a step."""
FIRST_STEPS, SCALE_STEPS = 10, 1000
"""Of 10 cm, after which another odometry's metres are known by the map's; and over which they are
compared, so that the map keeps the metre that it had."""
SURE_SCALE, LEAST_DEVIATION, SAME_SCALE = 0.1, 0.02, 1e-6
"""Relative deviation of these metres from which on the odometry is heard; a median of few steps may
claim less than the second. A ratio that is as near to 1 as the third is none."""


class GeometryPose:
    """Locates each frame in a map of landmarks before the network sees it.

    The network is told where the frame was taken and how far away its landmarks are; what it says
    of the rest is where new landmarks start from.
    """

    keeps_global_pointmap = False

    def __init__(self, worker: Callable[[], Worker] = AtOnce, closes_loops: bool = True) -> None:
        """`worker` makes those that adjust the map: at once, while the frame waits, or beside."""
        self._odometry = Odometry(worker, closes_loops)
        self._given: StoredMap | None = None
        self._extends = False
        self.reset()

    def use_map(self, given: StoredMap | None, extends: bool) -> None:
        """Find the frames that come in a map; None: begin a new one.

        Args:
            extends: whether frames are added to it, or it stays as it is.
        """
        self._given, self._extends = given, extends
        self.reset()

    def reset(self) -> None:
        """Forget what was seen: the next frame begins a new world, or is looked for in the map."""
        self._tracker: Odometry | Localiser = self._odometry
        self._odometry.reset()
        self._external_scale = OdometryScale(window=SCALE_STEPS, least=FIRST_STEPS, smoothing=1)
        if self._given is not None and self._extends:
            self._odometry.begin_in(self._given.world.copy())
        elif self._given is not None:
            self._tracker = Localiser(self._given.world)
        self._newest_told: StampedPose | None = None  # by the other odometry
        self._beginnings = 0  # of it
        self._since_look = LOOK_EVERY
        self._is_told = False  # the frame's depth will be in the map's metres
        self._origin = None if self._given is not None else np.eye(4)
        self._camera: MapCamera | None = None
        self._frame: CameraFrame | None = None
        self._estimate: Estimate | None = None

    @property
    def map(self) -> Map:
        """Keyframes and landmarks as they are now, of the piece that the camera is in."""
        return self._tracker.map

    @property
    def pieces(self) -> tuple[Map, ...]:
        """The map, and those pieces of it that it has not been joined with."""
        aside = () if isinstance(self._tracker, Localiser) else tuple(self._tracker.pieces)
        return self._tracker.map, *aside

    @property
    def main_piece(self) -> Map:
        """The piece that grew from the map that was given, or else that with most keyframes."""
        if self._given is not None:
            given = self._given.world
            grown = (piece for piece in self.pieces if given.first.number in piece.keyframes)
            return next(grown, given)
        return max(self.pieces, key=lambda piece: len(piece.keyframes))

    @property
    def given(self) -> StoredMap | None:
        """The map that was given, as it was then."""
        return self._given

    @property
    def camera(self) -> MapCamera | None:
        """The camera of the frames so far, as it was predicted if nobody told; None before them."""
        return self._camera

    @property
    def told_camera(self) -> MapCamera | None:
        """The same; None where it was predicted."""
        return self._camera if self._frame is None or self._frame.intrinsics is not None else None

    @property
    def knows_odometry_metres(self) -> bool:
        """Whether it is known by now how long the other odometry's metres are by the map's."""
        return self._external_scale.estimate.deviation <= SURE_SCALE

    def take_odometry_metres(self) -> Correction | None:
        """Bring the world to the other odometry's metres, as far as they are known by now.

        None: too little is known, a map was given, or these are its metres already.
        """
        scale = self._external_scale.estimate.value
        if self._given is not None or not self.knows_odometry_metres:
            return None
        if abs(scale - 1) < SAME_SCALE:
            return None
        correction = self._odometry.grow(scale)
        self._external_scale.correct(correction)
        return correction

    def landmarks(self) -> ColouredPoints:
        """The landmarks that the map is sure of."""
        if self._frame is None or (intrinsics := self._intrinsics(self._frame)) is None:
            return ColouredPoints(
                np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
            )
        found = [landmark_cloud(piece, intrinsics) for piece in self.pieces]
        brightness = np.concatenate([cloud.brightness for cloud in found])
        return ColouredPoints(
            np.concatenate([cloud.positions for cloud in found]).astype(np.float32),
            np.repeat(brightness[:, None], 3, axis=1),
            np.concatenate([cloud.hits for cloud in found]).astype(np.float32),
        )

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """The pose, where the frame determines it, and the landmarks that are settled."""
        self._frame, self._estimate, self._is_told = frame, None, False
        intrinsics = self._intrinsics(frame)
        if intrinsics is None or self._odometry_is_new():
            return NOTHING_FORESEEN
        estimate = self._estimate = self._locate(frame, intrinsics)
        if not estimate.measured:
            return NOTHING_FORESEEN
        # The network's memory is of the world of its first frame.
        starts_anew = self._origin is None
        if self._origin is None:
            self._origin = estimate.camera_to_world
        settled = self._tracker.settled(intrinsics)
        points = MeasuredPoints(settled.pixels, settled.depth, settled.deviation)
        pose = rigid_inverse(self._origin) @ estimate.camera_to_world
        is_due = self._tracker.is_due(intrinsics)
        self._is_told = len(points.depth) > 0
        self._since_look += 1
        learns = self._tracker is self._odometry
        wants = learns and is_due and self._is_told and self._since_look > LOOK_EVERY
        return Foreseen(pose, points, is_due, starts_anew, wants)

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The pose; the frame's depth goes into the map."""
        camera = self._frame
        assert camera is not None
        intrinsics = camera.transform.intrinsics_to_input(frame.intrinsics)
        height, width = camera.image.shape[:2]
        self._camera = MapCamera(intrinsics, width, height)
        located = self._estimate or self._locate(camera, intrinsics)
        self._compare(located, camera.odom_from_camera)
        depth = frame.points_camera[..., 2]
        drift = self._tracker.map.drift
        if frame.own_depth is not None:
            drift.look(depth, frame.own_depth)
            self._since_look = 0
        dense = DenseView(depth, frame.image, camera.transform, people=frame.people)
        scale = self._tracker.depth_scale(dense, intrinsics)
        if self._is_told:
            dense = replace(dense, log_drift=drift.log)
        else:  # it is in the network's own metres
            dense = replace(dense, depth=depth * np.float32(scale))
        self._tracker.learn(dense, intrinsics, frame.place)
        return PoseEstimate(
            located.camera_to_world,
            located.measured,
            scale,
            located.covariance,
            located.keyframe,
            located.correction,
            located.placed,
        )

    def _odometry_is_new(self) -> bool:
        return self._tracker is self._odometry and self._odometry.is_empty

    def _locate(self, frame: CameraFrame, intrinsics: np.ndarray) -> Estimate:
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        return self._tracker.locate(grey, intrinsics, self._told(frame))

    def _told(self, frame: CameraFrame) -> ExternalPose | None:
        """What another odometry says of the frame, if its metres are known by the map's."""
        if frame.odom_from_camera is None:
            return None
        newest, told = self._newest_told, (frame.stamp_ns, frame.odom_from_camera)
        if newest is not None and not follows(newest, told):
            self._beginnings += 1
            self._external_scale.reset()
        self._newest_told = told
        if not self.knows_odometry_metres:
            return None
        scale = self._external_scale.estimate
        deviation = max(scale.deviation, LEAST_DEVIATION)
        return ExternalPose(frame.odom_from_camera, 1 / scale.value, deviation, self._beginnings)

    def _compare(self, located: Estimate, odom_from_camera: np.ndarray | None) -> None:
        """Learn how long the other odometry's metres are by the map's."""
        scale = self._external_scale
        if located.correction is not None:
            scale.correct(located.correction)
        external = odom_from_camera if located.measured else None
        scale.observe(located.camera_to_world, external, located.keyframe)

    def _intrinsics(self, frame: CameraFrame) -> np.ndarray | None:
        """(3, 3). None for the first frame of a camera that nobody has calibrated."""
        if frame.intrinsics is not None or self._camera is None:
            return frame.intrinsics
        return self._camera.intrinsics
