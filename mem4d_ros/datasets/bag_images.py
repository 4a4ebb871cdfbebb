"""RGB arrays from the fields of sensor_msgs/Image and CompressedImage.

Encodings are those of sensor_msgs/image_encodings.hpp that have colours.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np


@dataclass(frozen=True)
class _Layout:
    """How a pixel lies in memory, and the OpenCV conversion that makes it RGB."""

    channels: int
    to_rgb: int | None


_LAYOUTS = {
    "rgb": _Layout(3, None),
    "bgr": _Layout(3, cv2.COLOR_BGR2RGB),
    "rgba": _Layout(4, cv2.COLOR_RGBA2RGB),
    "bgra": _Layout(4, cv2.COLOR_BGRA2RGB),
    "mono": _Layout(1, cv2.COLOR_GRAY2RGB),
    # OpenCV names a pattern by the second row's second and third pixel, ROS by the first four.
    "bayer_rggb": _Layout(1, cv2.COLOR_BayerBG2RGB),
    "bayer_bggr": _Layout(1, cv2.COLOR_BayerRG2RGB),
    "bayer_gbrg": _Layout(1, cv2.COLOR_BayerGR2RGB),
    "bayer_grbg": _Layout(1, cv2.COLOR_BayerGB2RGB),
}
_ENCODINGS = {
    **{f"{name}8": (layout, "u1") for name, layout in _LAYOUTS.items()},
    **{f"{name}16": (layout, "u2") for name, layout in _LAYOUTS.items()},
    **dict.fromkeys(("yuv422", "uyvy"), (_Layout(2, cv2.COLOR_YUV2RGB_UYVY), "u1")),
    **dict.fromkeys(("yuv422_yuy2", "yuyv"), (_Layout(2, cv2.COLOR_YUV2RGB_YUY2), "u1")),
}


def raw_to_rgb(message: Any) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB; of 16-bit channels the upper byte.

    Raises ValueError for encodings without colours and for less data than the size needs.
    """
    if message.encoding not in _ENCODINGS:
        raise ValueError(
            f"encoding {message.encoding!r} has no colours: choose a topic of images with one of"
            f" {', '.join(_ENCODINGS)}"
        )
    layout, kind = _ENCODINGS[message.encoding]
    dtype = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
    pixel_bytes = layout.channels * dtype.itemsize
    if message.step < message.width * pixel_bytes or not message.height * message.width:
        raise ValueError(
            f"rows of {message.step} bytes cannot hold {message.width} pixels of {message.encoding}"
        )
    if message.data.nbytes < message.height * message.step:
        raise ValueError(
            f"{message.data.nbytes} bytes are too few for {message.height} rows of {message.step}"
        )
    pixels = np.ndarray(
        (message.height, message.width, layout.channels),
        dtype,
        buffer=message.data,
        strides=(message.step, pixel_bytes, dtype.itemsize),
    ).astype(dtype.newbyteorder("="))
    colours = pixels if layout.to_rgb is None else cv2.cvtColor(pixels, layout.to_rgb)
    return colours if kind == "u1" else (colours >> 8).astype(np.uint8)


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
