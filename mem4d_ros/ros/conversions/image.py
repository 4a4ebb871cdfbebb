"""sensor_msgs/Image and sensor_msgs/CompressedImage to RGB arrays."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from mem4d_ros.runtime import FrameRejected
from mem4d_ros.sensor_messages.compressed_image import compressed_to_rgb
from mem4d_ros.sensor_messages.deep_image import SensorBits
from mem4d_ros.sensor_messages.raw_image import UnusableImage, raw_to_rgb
from mem4d_ros.sensor_messages.remarks import Say, silent


def image_to_rgb(
    message: Image | CompressedImage, say: Say = silent, sensor: SensorBits | None = None
) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB; it may share the message's memory.

    They are read as those of bags are, without ROS, so that both give the same picture; that takes
    as long as cv_bridge (bgr8 of 640x480: 0.03 ms). `sensor` remembers a stream's depth of 16
    bits. Raises FrameRejected for sizes, encodings and
    formats that cannot be used, and for damaged data.
    """
    read = compressed_to_rgb if isinstance(message, CompressedImage) else raw_to_rgb
    try:
        return read(message, say, sensor)
    except UnusableImage as error:
        raise FrameRejected(str(error)) from error
