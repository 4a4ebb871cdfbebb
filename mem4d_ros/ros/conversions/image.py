"""sensor_msgs/Image and sensor_msgs/CompressedImage to RGB arrays."""

from __future__ import annotations

import cv2
import numpy as np
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import CompressedImage, Image

from mem4d_ros.runtime import FrameRejected
from mem4d_ros.sensor_messages.compressed_image import compressed_to_rgb
from mem4d_ros.sensor_messages.raw_image import UnknownEncoding, UnusableImage, raw_to_rgb


def image_to_rgb(message: Image | CompressedImage) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB; it may share the message's memory.

    Raises FrameRejected for sizes, encodings and formats that cannot be used, and for damaged data.
    """
    # The usual encodings are read as those of bags are, without ROS, so that both give the same
    # picture; that takes as long as cv_bridge (bgr8 of 640x480: 0.03 ms). Others are left to it.
    try:
        if isinstance(message, CompressedImage):
            return compressed_to_rgb(message)
        return raw_to_rgb(message)
    except UnknownEncoding as unknown:
        return _through_cv_bridge(message, unknown)
    except UnusableImage as error:
        raise FrameRejected(str(error)) from error


def _through_cv_bridge(message: Image, unknown: UnknownEncoding) -> np.ndarray:
    try:
        return CvBridge().imgmsg_to_cv2(message, "rgb8")
    except (CvBridgeError, cv2.error, ValueError, TypeError, RuntimeError) as error:
        raise FrameRejected(f"{unknown} ({error})") from error
