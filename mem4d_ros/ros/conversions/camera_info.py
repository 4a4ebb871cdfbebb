"""From intrinsics to sensor_msgs/CameraInfo."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header


def to_camera_info(
    intrinsics: np.ndarray, height: int, width: int, header: Header, source: CameraInfo | None
) -> CameraInfo:
    """The CameraInfo of an image with these intrinsics (3, 3).

    Distortion does not depend on an image's scale; it is the camera's own (`source`) where known.
    """
    info = CameraInfo(header=header, height=height, width=width)
    info.distortion_model = source.distortion_model if source else "plumb_bob"
    info.d = list(source.d) if source else [0.0] * 5
    info.k = intrinsics.flatten().tolist()
    info.r = np.eye(3).flatten().tolist()
    info.p = np.hstack([intrinsics, np.zeros((3, 1))]).flatten().tolist()
    return info
