"""Reconstructions in true metres, as scale.source finds them."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from mem4d_ros.mapping import scale_of
from mem4d_ros.ros.frame import ReconstructedFrame
from mem4d_ros.ros.interface.settings import ScaleSettings
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


class Scaler(Protocol):
    """Scaler of frames to metres."""

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        """The next frame of the stream, in metres."""
        ...


def make_scaler(
    robot: Robot, scans: Scans | None, settings: ScaleSettings, reporter: Reporter
) -> Scaler:
    """The scaler that the settings ask for."""
    if settings.source == "model":
        return AsTheModelSays()
    if settings.source == "fixed":
        return WorldScaler(FixedScale(settings.value), _nowhere)
    if settings.source == "points":
        assert scans is not None, "the parameters are checked together"
        return WorldScaler(scans.scale, _nowhere)
    return WorldScaler(OdometryScale(), _camera_in_odometry(robot, reporter))


def _nowhere(camera_frame: str, stamp_ns: int) -> None:
    """No external pose."""


class AsTheModelSays:
    """Takes the network's metres for true."""

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        return frame


class WorldScaler:
    """Scales the world by what its source knows. Used by one thread."""

    def __init__(self, source: ScaleSource, odom_from_camera: CameraInOdometry) -> None:
        self._source = source
        self._odom_from_camera = odom_from_camera
        self._world = MetricWorld()

    def scaled(self, frame: ReconstructedFrame) -> ReconstructedFrame:
        reconstruction = frame.reconstruction
        if reconstruction.frame_index == 0:
            self._source.reset()
        external = None
        if reconstruction.pose_measured:
            external = self._odom_from_camera(frame.camera_frame, reconstruction.stamp_ns)
        if reconstruction.correction is not None:
            keyframe = np.array([reconstruction.keyframe])
            motion = reconstruction.correction.of(keyframe)[0]
            self._source.rescale(float(scale_of(motion)))
        self._source.observe(reconstruction.camera_to_world, external)
        scale = self._source.estimate
        in_metres = self._world.scale(reconstruction, scale.value)
        landmarks = frame.landmarks
        if landmarks is not None:
            own, metric = reconstruction.camera_to_world, in_metres.camera_to_world
            moved = move_points(metric_from_own(own, metric, scale.value), landmarks.positions)
            landmarks = replace(landmarks, positions=moved)
        return replace(frame, reconstruction=in_metres, scale=scale, landmarks=landmarks)


def _camera_in_odometry(robot: Robot, reporter: Reporter) -> CameraInOdometry:
    base_from_camera, odom_from_base = robot.base_from_camera, robot.odom_from_base

    def odom_from_camera(camera_frame: str, stamp_ns: int) -> np.ndarray | None:
        try:
            return odom_from_base(stamp_ns) @ base_from_camera(camera_frame, stamp_ns)
        except (OdometryMissing, ExtrinsicsError) as error:
            reporter.warning("scale", f"nothing is learned of the scale: {error}")
            return None

    return odom_from_camera
