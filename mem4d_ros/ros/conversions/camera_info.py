"""From intrinsics to sensor_msgs/CameraInfo."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header


def to_camera_info(intrinsics: np.ndarray, height: int, width: int, header: Header) -> CameraInfo:
    """The CameraInfo of an image with these intrinsics (3, 3), and without distortion."""
    info = CameraInfo(header=header, height=height, width=width)
    info.distortion_model = "plumb_bob"
    info.d = [0.0] * 5
    info.k = intrinsics.flatten().tolist()
    info.r = np.eye(3).flatten().tolist()
    info.p = np.hstack([intrinsics, np.zeros((3, 1))]).flatten().tolist()
    return info
