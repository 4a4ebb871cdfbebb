"""TF in: where the camera is on the robot, and the robot in its odometry, at an image's stamp."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.ros.conversions.pose import transform_to_matrix
from mem4d_ros.ros.interface.settings import FrameSettings
from mem4d_ros.ros.robot.odometry import PATIENCE_S, OdometryMissing
from mem4d_ros.ros.robot.placers import ExtrinsicsError, SensorUnplaced
from mem4d_ros.runtime.external_odometry import BACK_NS, LARGEST_GAP_NS, going_on
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

CACHE_NS = 10_000_000_000
"""What tf2 keeps of each frame; it ignores what is older."""
MAX_FRAMES = 10_000
BRIEF_S = 0.02
"""How long a frame waits for the robot's newest motion, which makes a scan a little better."""


class TfInput:
    """Looks up received transforms. Thread-safe."""

    def __init__(self, node: Node, frames: FrameSettings) -> None:
        self._frames = frames
        self._buffer = ForgetfulBuffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node)
        self.odom_from_base = TfOdometry(self._buffer, frames)

    def base_from_camera(self, camera_frame: str, stamp_ns: int) -> np.ndarray:
        """The camera's pose (4, 4) on the robot. Raises ExtrinsicsError."""
        base_frame = self._frames.base
        is_known = self._knows(base_frame, camera_frame)  # if late, as a joint's that has moved
        patience_s = PATIENCE_S if is_known else 0.0
        try:
            return _lookup(self._buffer, base_frame, camera_frame, stamp_ns, patience_s)
        except tf2_ros.TransformException as error:
            remedy = (
                "publish it at more than 10 Hz and with the camera's clock"
                if is_known
                else "publish it, as robot_state_publisher does, or set tf.base_to_camera"
            )
            raise ExtrinsicsError(
                f"TF has no transform from '{camera_frame}' to '{base_frame}' at the image's time"
                f" ({error}), so that nothing can be placed in the map: {remedy}"
            ) from error

    def camera_from_sensor(
        self, camera_frame: str, image_ns: int, sensor_frame: str, scan_ns: int
    ) -> np.ndarray:
        """The place (4, 4) of a sensor when it measured, in a camera's frame when it saw.

        What the robot has moved in between counts where TF has its odometry at both times. Raises
        SensorUnplaced.
        """
        odom_frame = self._frames.odom
        if all(self._knows(odom_frame, frame) for frame in (camera_frame, sensor_frame)):
            try:
                odom_from_camera = _lookup(
                    self._buffer, odom_frame, camera_frame, image_ns, BRIEF_S
                )
                odom_from_sensor = _lookup(self._buffer, odom_frame, sensor_frame, scan_ns, BRIEF_S)
            except tf2_ros.TransformException:
                pass  # of other times only: the two are mounted together, and that is known
            else:
                return np.asarray(rigid_inverse(odom_from_camera) @ odom_from_sensor)
        if camera_frame == sensor_frame:
            return np.eye(4)
        try:
            return _lookup(self._buffer, camera_frame, sensor_frame, scan_ns, patience_s=0.0)
        except tf2_ros.TransformException as error:
            raise SensorUnplaced(
                f"TF has no transform from '{sensor_frame}' to '{camera_frame}' at its stamp: let"
                " robot_state_publisher or static_transform_publisher publish it"
            ) from error

    def _knows(self, target: str, source: str) -> bool:
        return bool(self._buffer.can_transform(target, source, Time()))


class TfOdometry:
    """Looks up the base in the odometry's frame. Thread-safe."""

    def __init__(self, buffer: ForgetfulBuffer, frames: FrameSettings) -> None:
        self._buffer = buffer
        self._frames = frames

    def __call__(self, stamp_ns: int) -> np.ndarray:
        """odom_from_base (4, 4) at a stamp. Raises OdometryMissing."""
        base_frame, odom_frame = self._frames.base, self._frames.odom
        try:
            return _lookup(self._buffer, odom_frame, base_frame, stamp_ns, PATIENCE_S)
        except tf2_ros.TransformException as error:
            pose = self.about(stamp_ns)
            if pose is not None:
                return pose
            raise OdometryMissing(
                f"TF has no transform from '{base_frame}' to '{odom_frame}' ({error}): let the"
                " odometry publish it, or set external_odometry.source to topic"
            ) from error

    def about(self, stamp_ns: int) -> np.ndarray | None:
        """The same at once, a little after the newest pose as it goes on; None: not known."""
        frames = self._frames.odom, self._frames.base
        try:
            newest = self._buffer.lookup_transform(*frames, Time())
            newest_ns = stamp_to_ns(newest.header.stamp)
            if not 0 < stamp_ns - newest_ns < LARGEST_GAP_NS:
                return _lookup(self._buffer, *frames, stamp_ns, patience_s=0.0)
            before_ns = newest_ns - BACK_NS
            if before_ns <= 0:  # to TF, 0 is the newest
                return None
            before = _lookup(self._buffer, *frames, before_ns, patience_s=0.0)
        except tf2_ros.TransformException:
            return None
        pose = transform_to_matrix(newest.transform)
        return going_on((before_ns, before), (newest_ns, pose), stamp_ns)

    def follow(self, hear: Callable[[int], None]) -> None:
        """Call `hear` with the stamp, in ns, of every transform that comes from the odometry."""
        self._buffer.follow(self._frames.odom, hear)


class ForgetfulBuffer(tf2_ros.Buffer):
    """Starts anew where time does, as the C++ listener does with simulated time.

    A recording that is played in a loop begins again with stamps that are older than all that TF
    keeps, which it would ignore.
    """

    def __init__(self) -> None:
        super().__init__()
        self._newest_ns: dict[str, int] = {}
        self._listeners: list[tuple[str, Callable[[int], None]]] = []

    def follow(self, parent: str, hear: Callable[[int], None]) -> None:
        """Call `hear` with the stamp, in ns, of every transform of a child of this frame."""
        self._listeners.append((parent, hear))

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Remember a transform; one far older than the frame's newest clears all but static ones.

        One without a stamp (0) does not. Called by tf2_ros.
        """
        child, stamp_ns = transform.child_frame_id, stamp_to_ns(transform.header.stamp)
        if 0 < stamp_ns < self._newest_ns.get(child, stamp_ns) - CACHE_NS:
            self.clear()
            self._newest_ns.clear()
        if child in self._newest_ns or len(self._newest_ns) < MAX_FRAMES:
            self._newest_ns[child] = max(stamp_ns, self._newest_ns.get(child, stamp_ns))
        super().set_transform(transform, authority)
        for parent, hear in self._listeners:
            if transform.header.frame_id == parent:
                hear(stamp_ns)


def _lookup(
    buffer: tf2_ros.Buffer, target: str, source: str, stamp_ns: int, patience_s: float
) -> np.ndarray:
    """target_from_source (4, 4)."""
    found = buffer.lookup_transform(
        target, source, Time(nanoseconds=stamp_ns), Duration(seconds=patience_s)
    )
    return transform_to_matrix(found.transform)
