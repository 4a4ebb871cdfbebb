"""Records as a ROS 2 bag (MCAP) that RViz, Foxglove and `ros2 bag play` play."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
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

from mem4d_ros.runtime import topics
from mem4d_ros.runtime.export import bag_messages
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.runtime.export.record_folder import RecordFolder
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.topics import OutputTopic

METADATA_VERSION: Final = 8
"""Of rosbag2: the newest that Humble's players read, too."""
PATH_POSES = 10_000


IMAGE = OutputTopic("~/image", "sensor_msgs/msg/Image", 5, "the frame at the network's size")
# The whole path comes once, with the first frame.
PATH = replace(topics.PATH, lasting=True)
TOPICS = (
    topics.TF,
    IMAGE,
    topics.POINTS,
    topics.DEPTH,
    topics.DEPTH_CAMERA_INFO,
    topics.ODOMETRY,
    topics.DYNAMIC_POINTS,
    PATH,
    topics.STATIC_MAP,
)


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

        def write(stamp_ns: int, contents: Iterable[tuple[OutputTopic, Any]]) -> None:
            for topic, message in contents:
                data = bag_messages.TYPESTORE.serialize_cdr(message, topic.type)
                writer.write(connections[topic], stamp_ns, data)

        if stamps_ns:
            write(
                stamps_ns[0],
                [
                    (PATH, bag_messages.path(stamps_ns, poses)),
                    (topics.STATIC_MAP, bag_messages.cloud(static_cloud, stamps_ns[0])),
                ],
            )
        for index, record in enumerate(records):
            write(record.stamp_ns, _contents(record, records.moving(index)))
            advance()


def _connect(writer: Writer, topic: OutputTopic) -> Connection:
    return writer.add_connection(
        topic.absolute_name,
        topic.type,
        typestore=bag_messages.TYPESTORE,
        offered_qos_profiles=[_qos(topic)],
    )


def _qos(topic: OutputTopic) -> Qos:
    """With which quality of service a player offers it."""
    forever = QosTime(2147483647, 4294967295)
    return Qos(
        QosHistory.KEEP_LAST,
        topic.depth,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL if topic.lasting else QosDurability.VOLATILE,
        forever,
        forever,
        QosLiveliness.AUTOMATIC,
        forever,
        False,
    )


def _contents(record: FrameRecord, moving: np.ndarray) -> list[tuple[OutputTopic, Any]]:
    """A frame's messages; TF first, which the others need to be drawn."""
    stamp_ns, pose = record.stamp_ns, record.camera_to_world
    info = bag_messages.camera_info(record.intrinsics, record.depth.shape, stamp_ns)
    return [
        (topics.TF, bag_messages.transforms(pose, stamp_ns)),
        (topics.ODOMETRY, bag_messages.odometry(pose, stamp_ns)),
        (topics.DEPTH_CAMERA_INFO, info),
        (IMAGE, bag_messages.colour_image(record.image, stamp_ns)),
        (topics.DEPTH, bag_messages.depth_image(record.depth, stamp_ns)),
        (topics.POINTS, bag_messages.cloud(record.points(), stamp_ns)),
        (topics.DYNAMIC_POINTS, bag_messages.cloud(record.points(moving), stamp_ns)),
    ]
