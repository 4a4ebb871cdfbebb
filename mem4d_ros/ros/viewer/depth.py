"""sensor_msgs/Image of depth to arrays."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import Image

ENCODING = "32FC1"


def from_depth_image(message: Image) -> np.ndarray:
    """Depth (H, W) float32 in metres, of 32FC1 (REP-118); rows may be padded.

    Raises ValueError for other encodings and for data that do not
    fit the size.
    """
    width, height, step = message.width, message.height, message.step
    value = np.dtype(">f4" if message.is_bigendian else "<f4")
    if message.encoding != ENCODING:
        raise ValueError(f"its encoding is {message.encoding!r}, not {ENCODING}")
    if not width or not height:
        raise ValueError(f"its size is {width}x{height} pixels")
    if step < width * value.itemsize:
        raise ValueError(f"rows of {step} bytes cannot hold {width} values of {ENCODING}")
    if len(message.data) != height * step:
        raise ValueError(
            f"it has {len(message.data)} bytes, but {height} rows of {step} bytes have"
            f" {height * step}"
        )
    rows = np.ndarray((height, width), value, message.data, strides=(step, value.itemsize))
    return rows.astype(np.float32)
