"""A ROS 2 bag, sqlite3 or MCAP: the images of one topic with their camera's calibration.

The bag is the folder with metadata.yaml, or one .db3 or .mcap file. Nothing of ROS is needed, but
the package rosbags (https://ternaris.gitlab.io/rosbags/).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.datasets.optional import optional_import
from mem4d_ros.datasets.sample import FrameError, Sample
from mem4d_ros.sensor_messages.camera_info import CameraInfoError, intrinsics_of_image
from mem4d_ros.sensor_messages.compressed_image import compressed_to_rgb
from mem4d_ros.sensor_messages.raw_image import raw_to_rgb

PURPOSE = "a ROS 2 bag"
STORAGE_SUFFIXES = {".db3", ".mcap"}
DECODERS = {
    "sensor_msgs/msg/Image": raw_to_rgb,
    "sensor_msgs/msg/CompressedImage": compressed_to_rgb,
}
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
TRANSPORT_SUFFIX = "/compressed"


def is_bag(path: Path) -> bool:
    """Whether this is a bag by its name, or by the name of what is in it."""
    return path.suffix in STORAGE_SUFFIXES or (path / "metadata.yaml").exists()


class Bag:
    """The images of a topic in the order of recording, stamped by their camera.

    Images whose camera left the stamp at zero have the time of recording. Intrinsics are those of
    the first CameraInfo on the topic that image_transport pairs with the images'; lens distortion
    is left in the images.
    """

    def __init__(self, path: Path, topic: str | None = None) -> None:
        """`topic` may be left out where there is one with images.

        Raises FrameError for a bag that cannot be read, and for a topic that cannot be chosen.
        """
        self.path = path
        self._typestore = _typestore()
        with self._open() as reader:
            types = {each.topic: _modern(each.msgtype) for each in reader.connections}
            self.topic = _choose(path, types, topic)
            self._decode = DECODERS[types[self.topic]]
            self.length: int | None = reader.topics[self.topic].msgcount
            info_topic = _camera_info_topic(self.topic)
            has_info = types.get(info_topic) == CAMERA_INFO
            self._info = next(self._messages(reader, info_topic), None) if has_info else None

    @property
    def name(self) -> str:
        return self.path.resolve().stem

    def __iter__(self) -> Iterator[Sample]:
        with self._open() as reader:
            for index, (recorded_ns, message) in enumerate(self._messages(reader, self.topic)):
                name = f"{self.topic} {index}"
                try:
                    image = self._decode(message)
                    intrinsics = self._intrinsics(image)
                except ValueError as error:
                    raise FrameError(f"{self.path}, {name}: {error}") from error
                stamp = message.header.stamp
                stamp_ns = 10**9 * stamp.sec + stamp.nanosec or recorded_ns
                yield Sample(name, image, intrinsics=intrinsics, stamp_s=stamp_ns / 1e9)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """The library's reader."""
        rosbag2 = optional_import("rosbags.rosbag2", PURPOSE)
        with self._errors_named():
            reader = rosbag2.Reader(self.path)
            reader.open()
        try:
            yield reader
        finally:
            reader.close()

    def _messages(self, reader: Any, topic: str) -> Iterator[tuple[int, Any]]:
        """Times of recording in ns and messages."""
        connections = [each for each in reader.connections if each.topic == topic]
        with self._errors_named():
            for connection, recorded_ns, data in reader.messages(connections):
                message_type = _modern(connection.msgtype)
                yield recorded_ns, self._typestore.deserialize_cdr(data, message_type)

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """The library raises many kinds of errors at a broken bag; each becomes a FrameError."""
        try:
            yield
        except Exception as error:
            raise FrameError(f"{self.path} is not a readable ROS 2 bag: {error}") from error

    def _intrinsics(self, image: np.ndarray) -> np.ndarray | None:
        if self._info is None:
            return None
        try:
            return intrinsics_of_image(self._info[1], image.shape[1], image.shape[0])
        except CameraInfoError as error:
            raise CameraInfoError(f"CameraInfo cannot be used: {error}") from error


def _typestore() -> Any:
    """Definitions of messages. Those that are read here are the same in every ROS 2."""
    typesys = optional_import("rosbags.typesys", PURPOSE)
    return typesys.get_typestore(typesys.Stores.LATEST)


def _modern(message_type: str) -> str:
    """The type's name as it is since ROS 2 Dashing: package/msg/Name."""
    package, _, name = message_type.rpartition("/")
    return f"{package.removesuffix('/msg')}/msg/{name}"


def _choose(path: Path, types: dict[str, str], topic: str | None) -> str:
    """The asked topic, or the only one with images."""
    topics = sorted(each for each, kind in types.items() if kind in DECODERS)
    if topic in topics:
        return topic
    listed = ", ".join(topics) or "none"
    if topic is not None:
        raise FrameError(f"{path} has no images on the topic {topic}: those with images: {listed}")
    if len(topics) != 1:
        raise FrameError(f"{path}: choose a topic; those with images: {listed}")
    return topics[0]


def _camera_info_topic(topic: str) -> str:
    """image_transport's name of the CameraInfo of an image topic."""
    return topic.removesuffix(TRANSPORT_SUFFIX).rpartition("/")[0] + "/camera_info"
