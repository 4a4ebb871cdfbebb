"""Depth maps to sensor_msgs/Image."""

import sys

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header


def to_depth_image(depth: np.ndarray, header: Header) -> Image:
    """Depth (H, W) float32 in metres, NaN where invalid, as 32FC1 (REP-117, REP-118)."""
    height, width = depth.shape
    message = Image(header=header, height=height, width=width, encoding="32FC1", step=4 * width)
    message.is_bigendian = sys.byteorder != "little"
    message.data.frombytes(np.ascontiguousarray(depth, np.float32).view(np.uint8))
    return message
