"""RGB arrays from the fields of a sensor_msgs/CompressedImage."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from mem4d_ros.sensor_messages.deep_image import SensorBits, to_eight_bits
from mem4d_ros.sensor_messages.encoded_size import encoded_size, from_start
from mem4d_ros.sensor_messages.raw_image import BAYER, DEPTH, UnusableImage, check_size
from mem4d_ros.sensor_messages.remarks import Say, silent

COLOURS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
AS_IT_IS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


def compressed_to_rgb(
    message: Any, say: Say = silent, sensor: SensorBits | None = None
) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB of JPEG, PNG, TIFF or WebP data, however deep and coloured.

    A rotation in EXIF is left alone: CameraInfo speaks of the sensor's pixels. The format that
    image_transport writes, such as `bayer_rggb8; png compressed`, says what a grey image means;
    `sensor` remembers a stream's depth of 16 bits.
    Raises UnusableImage for depth, for other formats, for damaged data and for sizes that cannot
    be used.
    """
    encoding = message.format.partition(";")[0].strip()
    if encoding in DEPTH:  # compressed depth names it first
        raise UnusableImage(
            f"compressed image of format '{message.format}' is depth and has no colours: choose a"
            " topic of colour images"
        )
    content = from_start(memoryview(message.data))
    size = encoded_size(content)
    if size is None:
        raise UnusableImage(
            f"compressed image of format '{message.format}' is no whole JPEG, PNG, TIFF or WebP"
        )
    check_size(*size)
    is_mosaic = encoding in BAYER
    image = _decoded(content, AS_IT_IS if is_mosaic else COLOURS)
    if image is None or image.dtype not in (np.uint8, np.uint16):
        raise UnusableImage(
            f"compressed image of format '{message.format}' is damaged, or of a kind that OpenCV"
            " does not read"
        )
    if image.dtype == np.uint16:
        image = to_eight_bits(image, say, sensor)
    grey_means = BAYER[encoding] if is_mosaic else cv2.COLOR_GRAY2RGB
    return cv2.cvtColor(image, grey_means if image.ndim == 2 else cv2.COLOR_BGR2RGB)


def _decoded(content: memoryview, mode: int) -> np.ndarray | None:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error:  # at damage that it notices late
        return None
