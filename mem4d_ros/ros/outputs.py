"""From a reconstruction to the topics; nothing is converted that nobody listens to."""

from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mem4d_ros.geometry import transform_points
from mem4d_ros.ros import topics
from mem4d_ros.ros.conversions.camera_info import to_camera_info
from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.conversions.depth import to_depth_image
from mem4d_ros.ros.frames import ExtrinsicsError, Placement, Placer
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.settings import Settings
from mem4d_ros.ros.tf import TfPublisher, make_placer
from mem4d_ros.ros.trajectory import Trajectory
from mem4d_ros.runtime import ColouredPoints, Reconstruction, select_points, upsample_depth


@dataclass(frozen=True)
class ReconstructedFrame:
    """A reconstruction and what its image said of itself."""

    reconstruction: Reconstruction
    stamp: Time
    camera_frame: str
    intrinsics_given: bool  # by CameraInfo
    camera_info: CameraInfo | None  # with the distortion that the image has; None: none or unknown


class Outputs:
    """Publishes frames. Used by one thread."""

    def __init__(self, node: Node, settings: Settings, reporter: Reporter) -> None:
        self._reporter = reporter
        self._map_frame = settings.frames.map
        self._placer: Placer = make_placer(node, settings.tf, settings.frames)
        self._tf: TfPublisher | None = None
        if settings.tf.mode != "off":
            self._tf = TfPublisher(node, self._map_frame, reporter)
        self._trajectory = Trajectory()
        self._newest: tuple[Reconstruction, Placement] | None = None
        self._points = topics.POINTS.publisher(node)
        self._points_camera = topics.POINTS_CAMERA.publisher(node)
        self._depth = topics.DEPTH.publisher(node)
        self._depth_camera_info = topics.DEPTH_CAMERA_INFO.publisher(node)
        self._odometry = topics.ODOMETRY.publisher(node)
        self._path = topics.PATH.publisher(node)

    def publish(self, frame: ReconstructedFrame, settings: Settings) -> None:
        """Publish all of a frame; what needs the map only if its place in the map is known."""
        if frame.reconstruction.frame_index == 0:
            self._placer.restart()
            self._trajectory.restart()
        self._newest = None
        try:
            placement = self._placer.place(
                frame.reconstruction.camera_to_world,
                frame.camera_frame,
                frame.reconstruction.stamp_ns,
            )
        except ExtrinsicsError as error:
            self._reporter.error("extrinsics", str(error))
        else:
            self._publish_in_map(frame, placement, settings)
        self._publish_in_camera(frame, settings)

    def points(self, settings: Settings) -> ColouredPoints | None:
        """The newest frame's points in the map; None where it has no place there. Thread-safe."""
        newest = self._newest
        return points_in_map(*newest, settings) if newest is not None else None

    def _publish_in_map(
        self, frame: ReconstructedFrame, placement: Placement, settings: Settings
    ) -> None:
        self._newest = (frame.reconstruction, placement)
        header = Header(stamp=frame.stamp, frame_id=self._map_frame)
        if self._tf is not None:  # before the clouds, which need it to be drawn
            self._tf.publish(placement, header)
        measured = frame.reconstruction.pose_measured
        self._trajectory.add(placement, header, measured, settings.path.max_length)
        if _is_heard(self._odometry):
            self._odometry.publish(
                self._trajectory.odometry(placement.tracked_frame, settings.odometry)
            )
        if _is_heard(self._path):
            self._path.publish(self._trajectory.path())
        if _is_heard(self._points):
            points = points_in_map(frame.reconstruction, placement, settings)
            self._points.publish(to_point_cloud(points, header))

    def _publish_in_camera(self, frame: ReconstructedFrame, settings: Settings) -> None:
        header = Header(stamp=frame.stamp, frame_id=frame.camera_frame)
        if _is_heard(self._points_camera):
            points = points_in_camera(frame.reconstruction, settings)
            self._points_camera.publish(to_point_cloud(points, header))
        upsampled = settings.depth.resolution == "input"
        if _is_heard(self._depth_camera_info):
            intrinsics, (height, width) = _depth_camera(frame.reconstruction, upsampled)
            self._depth_camera_info.publish(
                to_camera_info(intrinsics, height, width, header, frame.camera_info)
            )
        if _is_heard(self._depth):
            depth = frame.reconstruction.depth
            if upsampled:
                depth = upsample_depth(depth, frame.reconstruction.input_transform)
            self._depth.publish(to_depth_image(depth, header))


def points_in_map(
    reconstruction: Reconstruction, placement: Placement, settings: Settings
) -> ColouredPoints:
    """The global pointmap's points that pass the filter, in the map."""
    selected = select_points(
        reconstruction.points_world,
        reconstruction.confidence_world,
        reconstruction.image,
        reconstruction.camera_to_world[:3, 3],
        settings.points.filter(),
    )
    map_from_world = placement.map_from_world.astype(np.float32)
    moved = transform_points(map_from_world, selected.positions)
    return ColouredPoints(moved, selected.colours, selected.confidences)


def points_in_camera(reconstruction: Reconstruction, settings: Settings) -> ColouredPoints:
    """The self-view pointmap's points that pass the filter, in the optical frame."""
    return select_points(
        reconstruction.points_camera,
        reconstruction.confidence_camera,
        reconstruction.image,
        np.zeros(3),
        settings.points.filter(),
    )


def _depth_camera(
    reconstruction: Reconstruction, upsampled: bool
) -> tuple[np.ndarray, tuple[int, int]]:
    """Intrinsics (3, 3) and (height, width) of the depth image."""
    transform = reconstruction.input_transform
    if not upsampled:
        return reconstruction.intrinsics, reconstruction.depth.shape
    intrinsics = transform.intrinsics_to_input(reconstruction.intrinsics)
    return intrinsics, (transform.input_height, transform.input_width)


def _is_heard(publisher: Publisher) -> bool:
    return publisher.get_subscription_count() > 0
