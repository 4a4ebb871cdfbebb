"""RGB arrays from the fields of a sensor_msgs/CompressedImage."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from mem4d_ros.sensor_messages.deep_image import to_eight_bits
from mem4d_ros.sensor_messages.encoded_size import encoded_size
from mem4d_ros.sensor_messages.raw_image import UnusableImage, check_size
from mem4d_ros.sensor_messages.remarks import Say, silent


def compressed_to_rgb(message: Any, say: Say = silent) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB of JPEG or PNG data, however deep and coloured.

    A rotation in EXIF is left alone: CameraInfo speaks of the sensor's pixels. Raises UnusableImage
    for other formats, for damaged data and for sizes that cannot be used.
    """
    size = encoded_size(memoryview(message.data))
    if size is None:
        raise UnusableImage(
            f"compressed image of format '{message.format}' is neither a whole JPEG nor a whole PNG"
        )
    check_size(*size)
    data = np.frombuffer(message.data, np.uint8)
    mode = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(data, mode)
    if image is None:
        raise UnusableImage(f"compressed image of format '{message.format}' is damaged")
    if image.dtype == np.uint16:
        image = to_eight_bits(image, say)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
