"""ROS 2 messages and bags, written by the rosbags package without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
START_NS = 1_700_000_000_123_456_789


def header(stamp_ns: int) -> Any:
    stamp = TYPES["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
    return TYPES["std_msgs/msg/Header"](stamp, "camera")


def image_message(
    pixels: np.ndarray, encoding: str, stamp_ns: int = START_NS, padding: int = 0, big: bool = False
) -> Any:
    data = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<"))
    rows = np.frombuffer(data.tobytes(), np.uint8).reshape(len(pixels), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=99)
    height, width = pixels.shape[:2]
    return TYPES["sensor_msgs/msg/Image"](
        header(stamp_ns), height, width, encoding, big, rows.shape[1], rows.ravel()
    )


def compressed_message(image: np.ndarray, suffix: str, stamp_ns: int = START_NS) -> Any:
    data = cv2.imencode(suffix, image[..., ::-1])[1].ravel()
    return TYPES["sensor_msgs/msg/CompressedImage"](header(stamp_ns), suffix[1:], data)


def camera_info(k: np.ndarray, width: int = 32, height: int = 24, **changes: Any) -> Any:
    region = TYPES["sensor_msgs/msg/RegionOfInterest"](
        **{"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": False}
        | changes.pop("roi", {})
    )
    fields = {"d": np.zeros(5), "binning_x": 0, "binning_y": 0} | changes
    return TYPES["sensor_msgs/msg/CameraInfo"](
        header(START_NS), height, width, "plumb_bob", k=k.ravel(),
        r=np.eye(3).ravel(), p=np.eye(3, 4).ravel(), **fields, roi=region,
    )  # fmt: skip


@dataclass(frozen=True)
class Topic:
    name: str
    messages: Sequence[Any] = field(repr=False)


def write_bag(folder: Path, *topics: Topic, storage: StoragePlugin = StoragePlugin.SQLITE3) -> Path:
    """Recorded 10 ms apart, from one second after the first stamp on."""
    with Writer(folder, version=9, storage_plugin=storage) as writer:
        for topic in topics:
            kind = topic.messages[0].__msgtype__
            connection = writer.add_connection(topic.name, kind, typestore=STORE)
            for index, message in enumerate(topic.messages):
                recorded_ns = START_NS + 10**9 + index * 10**7
                writer.write(connection, recorded_ns, STORE.serialize_cdr(message, kind))
    return folder
