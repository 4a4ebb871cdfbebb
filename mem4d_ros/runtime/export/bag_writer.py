"""Records as a ROS 2 bag (MCAP) that RViz, Foxglove and `ros2 bag play` play."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer

from mem4d_ros.runtime.export import bag_messages
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.runtime.export.record_folder import RecordFolder
from mem4d_ros.runtime.points import ColouredPoints

METADATA_VERSION: Final = 8
"""Of rosbag2: the newest that Humble's players read, too."""
PATH_POSES = 10_000


@dataclass(frozen=True)
class BagTopic:
    """A topic, named as the node `mem4d` names it; a lasting one reaches who listens later."""

    name: str
    type: str
    depth: int
    lasting: bool = False

    @property
    def qos(self) -> Qos:
        """With which quality of service a player offers it."""
        forever = QosTime(2147483647, 4294967295)
        return Qos(
            QosHistory.KEEP_LAST,
            self.depth,
            QosReliability.RELIABLE,
            QosDurability.TRANSIENT_LOCAL if self.lasting else QosDurability.VOLATILE,
            forever,
            forever,
            QosLiveliness.AUTOMATIC,
            forever,
            False,
        )


TF = BagTopic("/tf", "tf2_msgs/msg/TFMessage", 100)
IMAGE = BagTopic("/mem4d/image", "sensor_msgs/msg/Image", 5)
POINTS = BagTopic("/mem4d/points", "sensor_msgs/msg/PointCloud2", 5)
DEPTH = BagTopic("/mem4d/depth/image", "sensor_msgs/msg/Image", 5)
CAMERA_INFO = BagTopic("/mem4d/depth/camera_info", "sensor_msgs/msg/CameraInfo", 5)
ODOMETRY = BagTopic("/mem4d/odometry", "nav_msgs/msg/Odometry", 10)
PATH = BagTopic("/mem4d/path", "nav_msgs/msg/Path", 1, lasting=True)
MOVING = BagTopic("/mem4d/dynamic_points", "sensor_msgs/msg/PointCloud2", 5)
STATIC_MAP = BagTopic("/mem4d/static_map", "sensor_msgs/msg/PointCloud2", 1, lasting=True)
TOPICS = (TF, IMAGE, POINTS, DEPTH, CAMERA_INFO, ODOMETRY, MOVING, PATH, STATIC_MAP)


def write_bag(
    folder: Path,
    records: RecordFolder,
    static_cloud: ColouredPoints,
    advance: Callable[[], None],
) -> None:
    """Write the bag `folder`, metadata.yaml last; an existing one is replaced.

    The whole path and the static cloud come with the first frame. Every record's moving pixels
    must have been added. `advance` is called after each record. Raises OSError.
    """
    if folder.exists():
        shutil.rmtree(folder)
    stamps_ns, poses = records.trajectory(PATH_POSES)
    with Writer(folder, version=METADATA_VERSION, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {topic: _connect(writer, topic) for topic in TOPICS}

        def write(stamp_ns: int, contents: Iterable[tuple[BagTopic, Any]]) -> None:
            for topic, message in contents:
                data = bag_messages.TYPESTORE.serialize_cdr(message, topic.type)
                writer.write(connections[topic], stamp_ns, data)

        if stamps_ns:
            write(
                stamps_ns[0],
                [
                    (PATH, bag_messages.path(stamps_ns, poses)),
                    (STATIC_MAP, bag_messages.cloud(static_cloud, stamps_ns[0])),
                ],
            )
        for index, record in enumerate(records):
            write(record.stamp_ns, _contents(record, records.moving(index)))
            advance()


def _connect(writer: Writer, topic: BagTopic) -> Connection:
    return writer.add_connection(
        topic.name,
        topic.type,
        typestore=bag_messages.TYPESTORE,
        offered_qos_profiles=[topic.qos],
    )


def _contents(record: FrameRecord, moving: np.ndarray) -> list[tuple[BagTopic, Any]]:
    """A frame's messages; TF first, which the others need to be drawn."""
    stamp_ns = record.stamp_ns
    return [
        (TF, bag_messages.transforms(record.camera_to_world, stamp_ns)),
        (ODOMETRY, bag_messages.odometry(record.camera_to_world, stamp_ns)),
        (CAMERA_INFO, bag_messages.camera_info(record.intrinsics, record.depth.shape, stamp_ns)),
        (IMAGE, bag_messages.colour_image(record.image, stamp_ns)),
        (DEPTH, bag_messages.depth_image(record.depth, stamp_ns)),
        (POINTS, bag_messages.cloud(record.points(), stamp_ns)),
        (MOVING, bag_messages.cloud(record.points(moving), stamp_ns)),
    ]
