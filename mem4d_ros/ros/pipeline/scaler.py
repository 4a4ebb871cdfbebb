"""Reconstructions in true metres, as scale.source finds them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np

from mem4d_ros.ros.frame import ReconstructedFrame
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.pipeline.scans import Scans
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.odometry import OdometryMissing
from mem4d_ros.ros.robot.placers import CameraInOdometry, ExtrinsicsError
from mem4d_ros.ros.robot.robot import Robot
from mem4d_ros.runtime import move_points
from mem4d_ros.runtime.scale import (
    FixedScale,
    MetricWorld,
    OdometryScale,
    ScaleSource,
    metric_from_own,
)

WRONG_METRE, KNOWN_SCALE = 1.15, 0.05
"""The ratio from which on, and the deviation below which, another metre is worth a word."""


class Scaler(Protocol):
    """Scaler of frames to metres."""

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        """The next frame of the stream, in metres."""
        ...


def make_scaler(
    robot: Robot, scans: Scans | None, settings: Settings, reporter: Reporter
) -> Scaler:
    """The scaler that the settings ask for."""
    scale = settings.scale
    if scale.source == "model":
        is_beside = settings.tf.mode == "map_to_odom"
        return BesideOdometry(robot.camera_in_odometry, reporter) if is_beside else AsTheModelSays()
    if scale.source == "fixed":
        return WorldScaler(FixedScale(scale.value), _nowhere)
    if scale.source == "points":
        assert scans is not None, "the parameters are checked together"
        return WorldScaler(scans.scale, _nowhere)
    return WorldScaler(OdometryScale(), _camera_in_odometry(robot, reporter))


def _nowhere(camera_frame: str, stamp_ns: int) -> None:
    """No external pose."""


class AsTheModelSays:
    """Takes the network's metres for true."""

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        return frame


class BesideOdometry:
    """Takes the network's metres for true, and says so once where an odometry has others."""

    def __init__(self, odom_from_camera: CameraInOdometry, reporter: Reporter) -> None:
        self._odom_from_camera = odom_from_camera
        self._reporter = reporter
        self._scale = OdometryScale()
        self._is_said = False

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        _observe(self._scale, frame, self._odom_from_camera)
        scale = self._scale.estimate
        is_wrong = abs(math.log(scale.value)) > math.log(WRONG_METRE)
        if is_wrong and scale.deviation < KNOWN_SCALE and not self._is_said:
            self._is_said = True
            self._reporter.once(
                f"what the network takes for a metre is {scale.value:.2f} m by the odometry: the"
                " map and what the robot drives differ in size; set scale.source to odometry"
            )
        return frame


class WorldScaler:
    """Scales the world by what its source knows. Used by one thread."""

    def __init__(self, source: ScaleSource, odom_from_camera: CameraInOdometry) -> None:
        self._source = source
        self._odom_from_camera = odom_from_camera
        self._world = MetricWorld()
        self._before = source.estimate

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        reconstruction = frame.reconstruction
        _observe(self._source, frame, self._odom_from_camera)
        before, scale = self._before, self._source.estimate
        becomes_known = math.isinf(before.deviation) and math.isfinite(scale.deviation)
        if becomes_known and frame.map_from_world is None:  # that has places of its own
            self._world.grow(scale.value / before.value)
        self._before = scale
        in_metres = self._world.scale(reconstruction, scale.value)
        landmarks = frame.landmarks
        if landmarks is not None:
            own, metric = reconstruction.camera_to_world, in_metres.camera_to_world
            moved = move_points(metric_from_own(own, metric, scale.value), landmarks.positions)
            landmarks = replace(landmarks, positions=moved)
        return replace(frame, reconstruction=in_metres, scale=scale, landmarks=landmarks)


def _observe(
    source: ScaleSource, frame: ReconstructedFrame, odom_from_camera: CameraInOdometry
) -> None:
    """Let a source of the scale see a frame."""
    reconstruction = frame.reconstruction
    if reconstruction.frame_index == 0:
        source.reset()
    external = None
    if reconstruction.pose_measured:
        external = odom_from_camera(frame.camera_frame, reconstruction.stamp_ns)
    if reconstruction.correction is not None:
        source.correct(reconstruction.correction)
    source.observe(reconstruction.camera_to_world, external, reconstruction.keyframe)


def _camera_in_odometry(robot: Robot, reporter: Reporter) -> CameraInOdometry:
    base_from_camera, odom_from_base = robot.base_from_camera, robot.odom_from_base

    def odom_from_camera(camera_frame: str, stamp_ns: int) -> np.ndarray | None:
        try:
            return odom_from_base(stamp_ns) @ base_from_camera(camera_frame, stamp_ns)
        except (OdometryMissing, ExtrinsicsError) as error:
            reporter.warning("scale", f"nothing is learned of the scale: {error}")
            return None

    return odom_from_camera
