"""From a reconstruction to the topics; nothing is converted that nobody listens to."""

from __future__ import annotations

import numpy as np
from rclpy.node import Node
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.camera_info import to_camera_info
from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.conversions.depth import to_depth_image
from mem4d_ros.ros.frame import ReconstructedFrame
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.output.landmarks import LandmarkOutput
from mem4d_ros.ros.output.listeners import has_subscribers
from mem4d_ros.ros.output.loops import LoopOutput
from mem4d_ros.ros.output.points import points_in_camera, points_in_map
from mem4d_ros.ros.output.scene import SceneOutputs
from mem4d_ros.ros.output.tf import make_placer, make_tf_output
from mem4d_ros.ros.output.tf_sender import FrameTaken
from mem4d_ros.ros.output.trajectory import Trajectory, covariance_in_map
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.odometry import OdometryMissing
from mem4d_ros.ros.robot.placers import ExtrinsicsError, Placement, Placer
from mem4d_ros.ros.robot.robot import Robot
from mem4d_ros.runtime import ColouredPoints, Reconstruction, upsample_depth


class Outputs:
    """Publishes frames. Used by one thread."""

    def __init__(self, node: Node, robot: Robot, settings: Settings, reporter: Reporter) -> None:
        self._reporter = reporter
        self._map_frame = settings.frames.map
        self._placer: Placer = make_placer(robot, settings.tf, settings.frames)
        self._tf = make_tf_output(node, robot, settings)
        self._trajectory = Trajectory()
        self._newest: tuple[Reconstruction, Placement] | None = None
        self._fault = ""
        self._scene: SceneOutputs | None = None
        if settings.static_map.enabled:
            self._scene = SceneOutputs(node, settings, reporter)
        self._points = topics.POINTS.publisher(node)
        self._points_camera = topics.POINTS_CAMERA.publisher(node)
        self._depth = topics.DEPTH.publisher(node)
        self._depth_camera_info = topics.DEPTH_CAMERA_INFO.publisher(node)
        self._odometry = topics.ODOMETRY.publisher(node)
        self._path = topics.PATH.publisher(node)
        self._landmarks = LandmarkOutput(node)
        self._loops = LoopOutput(node)

    def publish(self, frame: ReconstructedFrame, settings: Settings) -> None:
        """Publish all of a frame; what needs the map only if its place in the map is known."""
        self._fault = ""
        if frame.reconstruction.frame_index == 0:
            self._placer.restart(frame.map_from_world)
            self._tf.restart()
            self._trajectory.restart()
            self._loops.restart(self._in_map(frame))
        elif frame.reconstruction.correction is not None:
            self._loops.note(frame.reconstruction.correction)
            self._tf.jump(self._trajectory.move(frame.reconstruction.correction))
        placement = self._place(frame)
        if placement is not None:
            self._publish_in_map(frame, placement, settings)
        self._publish_in_camera(frame, placement, settings)
        if self._scene is not None:  # last: it takes longest, and nothing waits for it
            self._scene.publish(frame, placement, settings)
        self._newest = None if placement is None else (frame.reconstruction, placement)

    @property
    def fault(self) -> str:
        """Why the newest frame, or the robot, has no place in the map for others; empty: it has."""
        return self._fault

    @property
    def map_from_world(self) -> np.ndarray | None:
        """(4, 4), by the newest frame; None where it has no place yet. Thread-safe."""
        newest = self._newest
        return None if newest is None else newest[1].map_from_world

    def silence(self) -> None:
        """Publish nothing until the next frame."""
        self._tf.restart()
        if self._scene is not None:
            self._scene.silence()

    def close(self) -> None:
        """Finish what is in work, before the publishers go."""
        if self._scene is not None:
            self._scene.close()

    def wants_landmarks(self) -> bool:
        """Whether somebody wants to see them with the next frame. Thread-safe."""
        return self._landmarks.is_due()

    def points(self, settings: Settings) -> ColouredPoints | None:
        """The static map's, or the newest frame's without one; None where they have no place yet.

        In the map. Thread-safe.
        """
        newest = self._newest
        if newest is None:
            return None
        if self._scene is not None:
            return self._scene.static_points(newest[1])
        return points_in_map(*newest, settings)

    def _in_map(self, frame: ReconstructedFrame) -> Header:
        return Header(stamp=frame.stamp, frame_id=self._map_frame)

    def _place(self, frame: ReconstructedFrame) -> Placement | None:
        """None where the camera's place in the world, or on the robot, is not known."""
        reconstruction = frame.reconstruction
        if not reconstruction.placed:
            return None
        try:
            return self._placer.place(
                reconstruction.camera_to_world, frame.camera_frame, reconstruction.stamp_ns
            )
        except ExtrinsicsError as error:
            self._complain(error)
            return None

    def _complain(self, error: LookupError) -> None:
        self._fault = str(error)
        self._reporter.error(type(error).__name__, self._fault)

    def _publish_in_map(
        self, frame: ReconstructedFrame, placement: Placement, settings: Settings
    ) -> None:
        header = self._in_map(frame)
        measured = frame.place_known
        # Before the clouds, which need it to be drawn.
        try:
            self._tf.publish(placement, header, settings.tf, measured)
        except (FrameTaken, OdometryMissing) as error:
            self._complain(error)
        covariance = None
        if frame.map_from_world is not None:
            covariance = covariance_in_map(frame.reconstruction.pose_covariance, placement)
        self._trajectory.add(
            placement,
            header,
            measured,
            settings.path.max_length,
            frame.reconstruction.keyframe,
            covariance,
        )
        if has_subscribers(self._odometry):
            self._odometry.publish(
                self._trajectory.odometry(placement.tracked_frame, settings.odometry)
            )
        if has_subscribers(self._path):
            self._path.publish(self._trajectory.path())
        if has_subscribers(self._points):
            points = points_in_map(frame.reconstruction, placement, settings)
            self._points.publish(to_point_cloud(points, header))
        self._loops.publish(placement, header)
        if frame.landmarks is not None:
            self._landmarks.publish(frame.landmarks, placement, header)

    def _publish_in_camera(
        self, frame: ReconstructedFrame, placement: Placement | None, settings: Settings
    ) -> None:
        header = Header(stamp=frame.stamp, frame_id=frame.camera_frame)
        # Without a place in the map there are no heights to select by.
        if has_subscribers(self._points_camera) and (
            placement or not settings.points.limits_height
        ):
            points = points_in_camera(frame.reconstruction, placement, settings)
            self._points_camera.publish(to_point_cloud(points, header))
        upsampled = settings.depth.resolution == "input"
        if has_subscribers(self._depth_camera_info):
            intrinsics, (height, width) = _depth_camera(frame.reconstruction, upsampled)
            self._depth_camera_info.publish(to_camera_info(intrinsics, height, width, header))
        if has_subscribers(self._depth):
            depth = frame.reconstruction.depth
            if upsampled:
                depth = upsample_depth(depth, frame.reconstruction.input_transform)
            self._depth.publish(to_depth_image(depth, header))


def _depth_camera(
    reconstruction: Reconstruction, upsampled: bool
) -> tuple[np.ndarray, tuple[int, int]]:
    """Intrinsics (3, 3) and (height, width) of the depth image."""
    transform = reconstruction.input_transform
    if not upsampled:
        return reconstruction.intrinsics, reconstruction.depth.shape
    intrinsics = transform.intrinsics_to_input(reconstruction.intrinsics)
    return intrinsics, (transform.input_height, transform.input_width)
