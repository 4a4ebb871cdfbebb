"""Record of a downstream node: counts, latencies and the newest messages of every output."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from tf2_msgs.msg import TFMessage

from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.ros.demo import topics
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

RECENT_IMAGES = 30
NODE = "mem4d/"
QUEUE = 20


@dataclass
class Heard:
    """All that has arrived so far."""

    clouds: int = 0
    camera_clouds: int = 0
    depths: int = 0
    poses: int = 0
    transforms: int = 0
    latencies_s: list[float] = field(default_factory=list)  # image stamp to its cloud's arrival
    odometry: list[Odometry] = field(default_factory=list)
    status: Mem4DStatus | None = None
    first_stamp_ns: int | None = None
    last_stamp_ns: int = 0

    @property
    def accounted(self) -> int:
        """Frames of which the node has said what became of them."""
        status = self.status
        if status is None:
            return 0
        return status.frames_processed + status.frames_dropped + status.frames_rejected


@dataclass(frozen=True)
class Snapshot:
    """The messages of one frame, all with the stamp of `image`."""

    image: Image
    depth: Image
    camera_info: CameraInfo
    points_camera: PointCloud2


class Listener(Node):
    """Subscribes to every output of the node and keeps what the report needs."""

    def __init__(self) -> None:
        super().__init__("demo_listener")
        self.heard = Heard()
        self.occupancy: OccupancyGrid | None = None
        self.scene: list[PointCloud2] = []  # clouds in the map, thinned out to a bounded number
        self._pace = 1
        self._images: deque[Image] = deque(maxlen=RECENT_IMAGES)
        self._newest: dict[type, object] = {}
        for kind, name, callback in (
            (Image, topics.IMAGE, self._on_image),
            (PointCloud2, NODE + "points", self._on_points),
            (PointCloud2, NODE + "points_camera", self._on_points_camera),
            (Image, NODE + "depth/image", self._on_depth),
            (CameraInfo, NODE + "depth/camera_info", self._on_camera_info),
            (Odometry, NODE + "odometry", self._on_odometry),
            (OccupancyGrid, NODE + "occupancy", self._on_occupancy),
            (Mem4DStatus, NODE + "status", self._on_status),
            (TFMessage, "/tf", self._on_tf),
        ):
            self.create_subscription(kind, name, callback, QUEUE)

    def snapshot(self) -> Snapshot | None:
        """The newest frame of which every output has arrived."""
        depth = self._newest.get(Image)
        info, cloud = self._newest.get(CameraInfo), self._newest.get(PointCloud2)
        if not (
            isinstance(depth, Image)
            and isinstance(info, CameraInfo)
            and isinstance(cloud, PointCloud2)
        ):
            return None
        if not depth.header.stamp == info.header.stamp == cloud.header.stamp:
            return None
        for image in self._images:
            if image.header.stamp == depth.header.stamp:
                return Snapshot(image, depth, info, cloud)
        return None

    def _on_image(self, image: Image) -> None:
        self._images.append(image)

    def _on_points(self, cloud: PointCloud2) -> None:
        stamp = stamp_to_ns(cloud.header.stamp)
        heard = self.heard
        heard.latencies_s.append((time.time_ns() - stamp) / 1e9)
        if heard.clouds % self._pace == 0:
            self.scene.append(cloud)
        if len(self.scene) > 20:  # keep every other one, and from now on half as many
            self.scene, self._pace = self.scene[::2], self._pace * 2
        heard.clouds += 1
        heard.first_stamp_ns = stamp if heard.first_stamp_ns is None else heard.first_stamp_ns
        heard.last_stamp_ns = stamp

    def _on_points_camera(self, cloud: PointCloud2) -> None:
        self.heard.camera_clouds += 1
        self._newest[PointCloud2] = cloud

    def _on_depth(self, depth: Image) -> None:
        self.heard.depths += 1
        self._newest[Image] = depth

    def _on_camera_info(self, info: CameraInfo) -> None:
        self._newest[CameraInfo] = info

    def _on_odometry(self, odometry: Odometry) -> None:
        self.heard.poses += 1
        self.heard.odometry.append(odometry)

    def _on_occupancy(self, occupancy: OccupancyGrid) -> None:
        self.occupancy = occupancy

    def _on_status(self, status: Mem4DStatus) -> None:
        self.heard.status = status

    def _on_tf(self, message: TFMessage) -> None:
        children = [transform.child_frame_id for transform in message.transforms]
        self.heard.transforms += children.count(topics.CAMERA_FRAME)
