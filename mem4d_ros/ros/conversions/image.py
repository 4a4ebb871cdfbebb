"""sensor_msgs/Image to RGB arrays."""

from dataclasses import dataclass

import cv2
import numpy as np
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import Image

from mem4d_ros.ros.conversions.limits import check_size
from mem4d_ros.runtime import FrameRejected


@dataclass(frozen=True)
class _Layout:
    """How a pixel lies in memory, and the OpenCV conversion that makes it RGB."""

    channels: int
    to_rgb: int | None
    bytes_per_channel: int = 1


_LAYOUTS = {
    "rgb8": _Layout(3, None),
    "bgr8": _Layout(3, cv2.COLOR_BGR2RGB),
    "rgba8": _Layout(4, cv2.COLOR_RGBA2RGB),
    "bgra8": _Layout(4, cv2.COLOR_BGRA2RGB),
    "mono8": _Layout(1, cv2.COLOR_GRAY2RGB),
    "mono16": _Layout(1, cv2.COLOR_GRAY2RGB, 2),
}


def image_to_rgb(message: Image) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB; it may share the message's memory.

    Rows may be padded. mono16 keeps its upper byte. Encodings besides the usual ones are left to
    cv_bridge. Raises FrameRejected for sizes and encodings that cannot be used.
    """
    check_size(message.width, message.height)
    if len(message.data) < message.step * message.height:
        raise FrameRejected(
            f"image data has {len(message.data)} bytes, but {message.height} rows of"
            f" {message.step} bytes need {message.step * message.height}: the driver is at fault"
        )
    layout = _LAYOUTS.get(message.encoding)
    return _through_cv_bridge(message) if layout is None else _through_view(message, layout)


def _through_view(message: Image, layout: _Layout) -> np.ndarray:
    pixel_bytes = layout.channels * layout.bytes_per_channel
    if message.step < message.width * pixel_bytes:
        raise FrameRejected(
            f"image rows have {message.step} bytes, but {message.width} pixels of"
            f" {message.encoding} need {message.width * pixel_bytes}: the driver is at fault"
        )
    pixels = np.ndarray(
        (message.height, message.width, layout.channels),
        np.uint8,
        buffer=message.data,
        # The upper byte of a wide channel is the first one in big-endian order.
        offset=0 if message.is_bigendian else layout.bytes_per_channel - 1,
        strides=(message.step, pixel_bytes, layout.bytes_per_channel),
    )
    return pixels if layout.to_rgb is None else cv2.cvtColor(pixels, layout.to_rgb)


def _through_cv_bridge(message: Image) -> np.ndarray:
    try:
        return CvBridge().imgmsg_to_cv2(message, "rgb8")
    except (CvBridgeError, cv2.error, ValueError, TypeError, RuntimeError) as error:
        raise FrameRejected(
            f"encoding '{message.encoding}' cannot be turned into colours ({error}):"
            f" publish one of {', '.join(_LAYOUTS)}"
        ) from error
