"""The images of one topic of a ROS bag, with their camera's calibration.

The bag is a folder, with metadata.yaml or without, or one file: .db3 or .mcap of ROS 2, or .bag of
ROS 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.datasets.bag_storage import (
    METADATA,
    Message,
    Storage,
    is_storage,
    open_storage,
    storage_files,
)
from mem4d_ros.datasets.files import visible_files
from mem4d_ros.datasets.folder import SUFFIXES
from mem4d_ros.datasets.sample import BadFrame, FrameError, Sample
from mem4d_ros.sensor_messages.camera_info import CameraInfoError
from mem4d_ros.sensor_messages.compressed_image import compressed_to_rgb
from mem4d_ros.sensor_messages.deep_image import SensorBits
from mem4d_ros.sensor_messages.lens import Lens, StraightImage, is_rectified
from mem4d_ros.sensor_messages.raw_image import raw_to_rgb
from mem4d_ros.sensor_messages.remarks import Say, silent
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

DECODERS = {
    "sensor_msgs/msg/Image": raw_to_rgb,
    "sensor_msgs/msg/CompressedImage": compressed_to_rgb,
}
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
MAX_FIRST = 1000
TRANSPORT_SUFFIX = "/compressed"


def is_bag(path: Path) -> bool:
    """Whether this is a bag by its name, or by the names of what is in it, besides images."""
    if not path.is_dir():
        return is_storage(path)
    if (path / METADATA).exists():
        return True
    has_images = any(file.suffix.lower() in SUFFIXES for file in visible_files(path))
    return bool(storage_files(path)) and not has_images


class Bag:
    """The images of a topic in the order of recording, stamped by their camera.

    Images whose camera left the stamp at zero have the time of recording. Intrinsics are those of
    the first CameraInfo with a calibration, on the topic that image_transport pairs with the
    images'. The distortion of a lens is taken out, but of topics whose name says that they are
    rectified.
    """

    def __init__(
        self,
        path: Path,
        topic: str | None = None,
        say: Say = silent,
        camera_info: bool = True,
    ) -> None:
        """`topic` may be left out where there is one with images; `say` takes remarks.

        With `camera_info` false, the images are as they were recorded, of an unknown camera.
        Raises FrameError for a bag that cannot be read, and for a topic that cannot be chosen.
        """
        self.path = path
        self._say = say
        with open_storage(path, say) as storage:
            types = storage.types
            self.topic = choose_topic(path, types, topic)
            self._decode = DECODERS[types[self.topic]]
            self.length: int | None = storage.count(self.topic)
            self._info = (
                _first_camera_info(storage, types, _camera_info_topic(self.topic))
                if camera_info
                else None
            )

    @property
    def name(self) -> str:
        return self.path.resolve().stem

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        with open_storage(self.path, self._say) as storage:
            lens, sensor = Lens(), SensorBits()
            for index, message in enumerate(storage.messages(self.topic)):
                name = f"{self.topic} {index}"
                try:
                    yield self._sample(storage, message, name, lens, sensor)
                except ValueError as error:
                    yield BadFrame(name, f"{self.path}, {name}: {error}")

    def _sample(
        self, storage: Storage, message: Message, name: str, lens: Lens, sensor: SensorBits
    ) -> Sample:
        """Raises FrameError and UnusableImage."""
        fields = storage.decoded(message)
        image = self._decode(fields, lambda remark: self._say(f"{self.topic}: {remark}"), sensor)
        straight = self._straight(image, lens)
        stamp_ns = stamp_to_ns(fields.header.stamp) or message.recorded_ns
        if stamp_ns < 0:
            raise FrameError(f"its stamp is before the epoch ({stamp_ns * 1e-9:.3f} s)")
        return Sample(name, straight.image, intrinsics=straight.intrinsics, stamp_s=stamp_ns / 1e9)

    def _straight(self, image: np.ndarray, lens: Lens) -> StraightImage:
        """As the image is, with a remark, where CameraInfo is of no use."""
        if self._info is None:
            return StraightImage(image, None, "")
        try:
            straight = lens.straighten(image, self._info, is_rectified(self.topic))
        except CameraInfoError as error:
            self._say(f"{self.topic}: CameraInfo is not used, intrinsics are predicted: {error}")
            return StraightImage(image, None, "")
        if straight.intrinsics is not None:
            self._say(f"{self.topic}: {straight.source}")
        return straight


def _first_camera_info(storage: Storage, types: dict[str, str], topic: str) -> Any | None:
    """The fields of the topic's first message with a calibration, else its first, if any.

    Some drivers send zeros until they have read their file.
    """
    if types.get(topic) != CAMERA_INFO:
        return None
    infos = first_messages(storage, topic)
    first = next(infos, None)
    if first is None or _is_calibrated(first):
        return first
    return next(filter(_is_calibrated, infos), first)


def first_messages(storage: Storage, topic: str) -> Iterator[Any]:
    """The fields of the first messages, without the damaged ones."""
    with suppress(FrameError):  # not even one is whole
        for message in islice(storage.messages(topic), MAX_FIRST):
            with suppress(FrameError):
                yield storage.decoded(message)


def _is_calibrated(info: Any) -> bool:
    return bool(max(info.k[0], info.p[0]) > 1)  # neither zeros nor a unit matrix


def choose_topic(path: Path, types: dict[str, str], topic: str | None) -> str:
    """The asked topic, or the only one with images. Raises FrameError where there is none."""
    topics = sorted(each for each, kind in types.items() if kind in DECODERS)
    if topic in topics:
        return topic
    if not topics:
        found = ", ".join(f"{each} ({kind})" for each, kind in sorted(types.items())) or "no topic"
        raise FrameError(f"{path} has no topic of images ({' or '.join(DECODERS)}): it has {found}")
    listed = ", ".join(topics)
    if topic is not None:
        raise FrameError(f"{path} has no images on the topic {topic}: those with images: {listed}")
    if len(topics) != 1:
        raise FrameError(f"{path}: choose a topic; those with images: {listed}")
    return topics[0]


def _camera_info_topic(topic: str) -> str:
    """image_transport's name of the CameraInfo of an image topic."""
    return topic.removesuffix(TRANSPORT_SUFFIX).rpartition("/")[0] + "/camera_info"
