"""ROS 2 messages and bags, written by the rosbags package without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from scipy.spatial.transform import Rotation

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
    fields = {
        "distortion_model": "plumb_bob",
        "d": np.zeros(5),
        "r": np.eye(3).ravel(),
        "p": np.eye(3, 4).ravel(),
        "binning_x": 0,
        "binning_y": 0,
    } | changes
    return TYPES["sensor_msgs/msg/CameraInfo"](
        header(START_NS), height, width, k=k.ravel(), **fields, roi=region
    )


def odometry_message(
    odom_from_base: np.ndarray, stamp_ns: int = START_NS, base: str = "base_link"
) -> Any:
    """Of a pose (4, 4)."""
    place = TYPES["geometry_msgs/msg/Pose"](
        TYPES["geometry_msgs/msg/Point"](*map(float, odom_from_base[:3, 3])),
        _quaternion(odom_from_base),
    )
    still = TYPES["geometry_msgs/msg/Vector3"](0.0, 0.0, 0.0)
    return TYPES["nav_msgs/msg/Odometry"](
        header(stamp_ns),
        base,
        TYPES["geometry_msgs/msg/PoseWithCovariance"](place, np.zeros(36)),
        TYPES["geometry_msgs/msg/TwistWithCovariance"](
            TYPES["geometry_msgs/msg/Twist"](still, still), np.zeros(36)
        ),
    )


def tf_message(**parents: tuple[str, np.ndarray]) -> Any:
    """By frame: its parent, and its place (4, 4) there."""
    transforms = []
    for frame, (parent, place) in parents.items():
        about = TYPES["std_msgs/msg/Header"](TYPES["builtin_interfaces/msg/Time"](0, 0), parent)
        transform = TYPES["geometry_msgs/msg/Transform"](
            TYPES["geometry_msgs/msg/Vector3"](*map(float, place[:3, 3])), _quaternion(place)
        )
        transforms.append(TYPES["geometry_msgs/msg/TransformStamped"](about, frame, transform))
    return TYPES["tf2_msgs/msg/TFMessage"](transforms)


def _quaternion(pose: np.ndarray) -> Any:
    xyzw = Rotation.from_matrix(pose[:3, :3]).as_quat()
    return TYPES["geometry_msgs/msg/Quaternion"](*xyzw.tolist())


@dataclass(frozen=True)
class Topic:
    name: str
    messages: Sequence[Any] = field(repr=False)


def write_bag(
    folder: Path,
    *topics: Topic,
    storage: StoragePlugin = StoragePlugin.SQLITE3,
    compression: CompressionMode | None = None,
    late_s: int = 0,
    keep: int | None = None,
) -> Path:
    """Recorded 10 ms apart, from `late_s` and one second after the first stamp on.

    Of each topic the first `keep` messages, None: all.
    """
    writer = Writer(folder, version=9, storage_plugin=storage)
    if compression is not None:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        for topic in topics:
            kind = topic.messages[0].__msgtype__
            connection = writer.add_connection(topic.name, kind, typestore=STORE)
            for index, message in enumerate(topic.messages[:keep]):
                recorded_ns = START_NS + 10**9 * (1 + late_s) + index * 10**7
                writer.write(connection, recorded_ns, STORE.serialize_cdr(message, kind))
    return folder


def write_ros1_bag(
    path: Path,
    images: Sequence[np.ndarray],
    intrinsics: np.ndarray,
    compression: Ros1Writer.CompressionFormat | None = None,
) -> Path:
    """RGB images (H, W, 3) 0.1 s apart, and a CameraInfo."""
    store = get_typestore(Stores.ROS1_NOETIC)
    types = store.types
    height, width = images[0].shape[:2]

    def ros1_header(index: int) -> Any:
        stamp = types["builtin_interfaces/msg/Time"](*divmod(START_NS + index * 10**8, 10**9))
        return types["std_msgs/msg/Header"](index, stamp, "camera")

    region = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    info = types["sensor_msgs/msg/CameraInfo"](
        ros1_header(0), height, width, "plumb_bob", np.zeros(5), intrinsics.ravel(),
        np.eye(3).ravel(), np.eye(3, 4).ravel(), 0, 0, region,
    )  # fmt: skip
    seen = [
        types["sensor_msgs/msg/Image"](
            ros1_header(index), height, width, "rgb8", 0, 3 * width, image.ravel()
        )
        for index, image in enumerate(images)
    ]
    writer = Ros1Writer(path)
    if compression is not None:
        writer.set_compression(compression)
    with writer:
        for name, messages in (("/camera/image_raw", seen), ("/camera/camera_info", [info])):
            kind = messages[0].__msgtype__
            connection = writer.add_connection(name, kind, typestore=store)
            for index, message in enumerate(messages):
                data = store.serialize_ros1(message, kind)
                writer.write(connection, START_NS + index * 10**8, data)
    return path
