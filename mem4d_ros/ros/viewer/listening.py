"""What the node publishes of a frame, into the scene; heard only while somebody looks on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from geometry_msgs.msg import Pose
from nav_msgs.msg import Odometry, Path
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from visualization_msgs.msg import Marker

from mem4d_ros.ros.conversions.cloud import from_point_cloud
from mem4d_ros.ros.conversions.image import image_to_rgb
from mem4d_ros.ros.conversions.lines import from_lines
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import InputSettings
from mem4d_ros.ros.ownership import ownership
from mem4d_ros.ros.pipeline.inputs import resolved_name
from mem4d_ros.ros.pipeline.subscription import FollowingSubscription
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.viewer.camera_place import CameraPlace
from mem4d_ros.ros.viewer.depth import from_depth_image
from mem4d_ros.ros.viewer.settings import ViewerSettings
from mem4d_ros.runtime import ColouredPoints, FrameRejected
from mem4d_ros.sensor_messages.stamps import stamp_to_ns
from mem4d_ros.viewer.look import LANDMARKS, Look
from mem4d_ros.viewer.scene import Changes, MapCloud, Scene, ViewedCamera
from mem4d_ros.viewer.trail import Trail

KEPT_IMAGES = 10
"""Until the depth of one of them comes."""
PATH_PERIOD_S = 10.0
"""The node sends its whole path with each frame: it is asked for now and then, as it may bend."""


class Listening:
    """Subscriptions to the node and its camera, made at once. Used by the executor's thread."""

    def __init__(
        self, node: Node, settings: ViewerSettings, scene: Scene, reporter: Reporter
    ) -> None:
        self._node = node
        self._scene = scene
        self._reporter = reporter
        self._mem4d = settings.node
        self._images: deque[Image | CompressedImage] = deque(maxlen=KEPT_IMAGES)
        self._info: CameraInfo | None = None
        self._trail = Trail()
        self._has_path = False
        self._path_subscription: Subscription | None = None
        self._landmark_subscription: Subscription | None = None
        self._path_due_s = 0.0
        with ownership(node) as self._owner:
            self._place = CameraPlace(node)
            self._hear(topics.POINTS, self._cloud("points", lambda p: Changes(frame=p)))
            self._hear(topics.DYNAMIC_POINTS, self._cloud("moving", lambda p: Changes(moving=p)))
            self._hear(topics.ODOMETRY, self._on_odometry)
            self._hear(topics.DEPTH_CAMERA_INFO, self._on_camera_info)
            self._hear(topics.DEPTH, self._on_depth)
        self._latched = self._hear_latched()
        image = topics.image_topic(InputSettings(image_transport=settings.image_transport))
        self._camera = FollowingSubscription(
            node, image, resolved_name(node, image), self._on_image, reporter
        )

    def refresh(self, look: Look) -> None:
        """Follow the camera's publishers, and ask for what is due or has come to be shown."""
        self._camera.follow()
        self._hear_landmarks(look)
        if self._path_subscription is None and time.monotonic() >= self._path_due_s:
            self._path_due_s = time.monotonic() + PATH_PERIOD_S
            self._has_path = False
            self._path_subscription = self._hear(topics.PATH, self._on_path)
        elif self._path_subscription is not None and self._has_path:
            self._node.destroy_subscription(self._path_subscription)
            self._path_subscription = None

    def _hear_landmarks(self, look: Look) -> None:
        """The node gathers them for its subscribers alone."""
        if LANDMARKS in look.shown and self._landmark_subscription is None:
            on_landmarks = self._cloud("landmarks", lambda points: Changes(landmarks=points))
            self._landmark_subscription = self._hear(topics.LANDMARKS, on_landmarks)
        elif LANDMARKS not in look.shown and self._landmark_subscription is not None:
            self._node.destroy_subscription(self._landmark_subscription)
            self._landmark_subscription = None

    def restart(self) -> None:
        """Another world has begun: what is latched of it may have come too soon, and is heard anew.

        Its clouds, camera and image come with its next frame.
        """
        self._trail = Trail()
        self._path_due_s = 0.0
        self._forget(*self._latched)
        self._latched = self._hear_latched()

    def close(self) -> None:
        """Hear nothing any more."""
        self._forget(*self._latched, self._path_subscription, self._landmark_subscription)
        self._camera.close()
        self._owner.close()

    def _hear(self, topic: topics.Topic, callback: Callable[[Any], None]) -> Subscription:
        name = topic.name.replace("~", self._mem4d)
        return self._node.create_subscription(topic.type, name, callback, topic.qos)

    def _hear_latched(self) -> tuple[Subscription, ...]:
        return (
            self._hear(topics.STATIC_MAP, self._cloud("static map", self._on_static_map)),
            self._hear(topics.LOOPS, self._on_loops),
        )

    def _forget(self, *subscriptions: Subscription | None) -> None:
        for subscription in subscriptions:
            if subscription is not None:
                self._node.destroy_subscription(subscription)

    def _cloud(
        self, name: str, changes: Callable[[ColouredPoints], Changes]
    ) -> Callable[[PointCloud2], None]:
        def on_cloud(message: PointCloud2) -> None:
            try:
                points = from_point_cloud(message)
            except ValueError as error:
                self._reporter.error(name, f"{name} cannot be shown: {error}")
                return
            self._scene.put(changes(points))

        return on_cloud

    def _on_static_map(self, points: ColouredPoints) -> Changes:
        return Changes(static_map=MapCloud(points))

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._images.append(message)

    def _on_odometry(self, message: Odometry) -> None:
        self._place.on_odometry(message)
        self._trail.add(position_of(message.pose.pose))
        self._scene.put(Changes(path=self._trail.positions))

    def _on_path(self, message: Path) -> None:
        self._trail = Trail()
        for stamped in message.poses:
            self._trail.add(position_of(stamped.pose))
        self._has_path = True
        self._scene.put(Changes(path=self._trail.positions))

    def _on_loops(self, message: Marker) -> None:
        try:
            self._scene.put(Changes(loops=from_lines(message)))
        except ValueError as error:
            self._reporter.error("loops", f"loops cannot be shown: {error}")

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._info = message

    def _on_depth(self, message: Image) -> None:
        try:
            depth = from_depth_image(message)
        except ValueError as error:
            self._reporter.error("depth", f"depth cannot be shown: {error}")
            return
        changes = Changes(depth=depth, image=self._image_of(message))
        pose = self._place.map_from_camera(message.header.frame_id)
        if pose is not None and self._info is not None:
            intrinsics = np.array(self._info.k).reshape(3, 3)
            camera = ViewedCamera(pose, intrinsics, self._info.width, self._info.height)
            changes = replace(changes, camera=camera)
        self._scene.put(changes)

    def _image_of(self, depth: Image) -> np.ndarray | None:
        """The image that the depth is of, as RGB; None where it did not come or cannot be read."""
        stamp_ns = stamp_to_ns(depth.header.stamp)
        for image in self._images:
            if stamp_to_ns(image.header.stamp) == stamp_ns:
                try:
                    return image_to_rgb(image)
                except FrameRejected as error:
                    self._reporter.error("image", f"the image cannot be shown: {error}")
        return None


def position_of(pose: Pose) -> np.ndarray:
    """Where it is, (3,)."""
    return np.array((pose.position.x, pose.position.y, pose.position.z))
