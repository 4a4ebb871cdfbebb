"""TF out: where the tracked frame is in the map. TF in: where the camera is on the robot."""

import threading

import numpy as np
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from mem4d_ros.ros import topics
from mem4d_ros.ros.conversions.pose import matrix_to_transform, transform_to_matrix
from mem4d_ros.ros.frames import (
    BasePlacer,
    CameraPlacer,
    Extrinsics,
    ExtrinsicsError,
    Placement,
    Placer,
    parse_pose,
)
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.settings import FrameSettings, TfSettings


def make_placer(node: Node, tf: TfSettings, frames: FrameSettings) -> Placer:
    """What places frames in the map in the mode that the settings ask for."""
    initial_pose = parse_pose(tf.initial_pose)
    if tf.mode != "base":
        return CameraPlacer(initial_pose)
    return BasePlacer(initial_pose, frames.base, _extrinsics(node, tf, frames))


def _extrinsics(node: Node, tf: TfSettings, frames: FrameSettings) -> Extrinsics:
    if not tf.base_to_camera:
        return TfExtrinsics(node, frames.base)
    base_from_camera = parse_pose(tf.base_to_camera)
    return lambda camera_frame, stamp_ns: base_from_camera


class TfExtrinsics:
    """Looks the camera's place on the robot up in TF, at the image's stamp."""

    def __init__(self, node: Node, base_frame: str) -> None:
        self._base_frame = base_frame
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node)

    def __call__(self, camera_frame: str, stamp_ns: int) -> np.ndarray:
        try:
            found = self._buffer.lookup_transform(
                self._base_frame, camera_frame, Time(nanoseconds=stamp_ns), Duration()
            )
        except tf2_ros.TransformException as error:
            raise ExtrinsicsError(
                f"TF has no transform from '{camera_frame}' to '{self._base_frame}' ({error}), so"
                " that nothing can be placed in the map: publish it, as robot_state_publisher does,"
                " or set tf.base_to_camera"
            ) from error
        return transform_to_matrix(found.transform)


class TfPublisher:
    """Publishes map -> tracked frame, unless somebody else already gives that frame a parent."""

    def __init__(self, node: Node, map_frame: str, reporter: Reporter) -> None:
        self._map_frame = map_frame
        self._reporter = reporter
        self._broadcaster = tf2_ros.TransformBroadcaster(node)
        self._parents = _ForeignParents(node, map_frame)

    def publish(self, placement: Placement, header: Header) -> None:
        """Send the placement; `header` is in the map and has the image's stamp."""
        child = placement.tracked_frame
        parent = self._parents.of(child)
        if parent is not None:
            self._reporter.error(
                "two parents",
                f"TF already has '{child}' under '{parent}', so that this node does not publish it"
                f" under '{self._map_frame}': use tf.mode base with the root of the robot's tree"
                " as frames.base, or tf.mode off",
            )
            return
        transform = TransformStamped(header=header, child_frame_id=child)
        transform.transform = matrix_to_transform(placement.map_from_tracked)
        self._broadcaster.sendTransform(transform)


class _ForeignParents:
    """Listens to TF for frames whose parent is not the map."""

    def __init__(self, node: Node, map_frame: str) -> None:
        self._map_frame = map_frame
        self._parent_of: dict[str, str] = {}
        self._lock = threading.Lock()
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._subscriptions = [
            node.create_subscription(TFMessage, topics.TF.name, self._note, topics.TF.qos),
            node.create_subscription(TFMessage, "/tf_static", self._note, latched),
        ]

    def of(self, child: str) -> str | None:
        """The parent of a frame in others' TF; None if nobody gives it one."""
        with self._lock:
            return self._parent_of.get(child)

    def _note(self, message: TFMessage) -> None:
        with self._lock:
            for transform in message.transforms:
                if transform.header.frame_id != self._map_frame:
                    self._parent_of[transform.child_frame_id] = transform.header.frame_id
