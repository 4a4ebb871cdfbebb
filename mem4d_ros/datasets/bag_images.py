"""RGB arrays from the fields of sensor_msgs/CompressedImage."""

from typing import Any

import cv2
import numpy as np


def compressed_to_rgb(message: Any) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB of any format that OpenCV decodes, however deep.

    A rotation in EXIF is left alone: CameraInfo is of the sensor's pixels. Raises ValueError for
    data that is no whole image.
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(message.data, flags) if message.data.size else None
    if image is None:
        raise ValueError(f"compressed image of format {message.format!r} cannot be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
