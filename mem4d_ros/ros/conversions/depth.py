"""Depth maps to sensor_msgs/Image."""

from __future__ import annotations

import numpy as np
from cv_bridge import CvBridge
from sensor_msgs.msg import Image
from std_msgs.msg import Header


def to_depth_image(depth: np.ndarray, header: Header) -> Image:
    """Depth (H, W) float32 in metres, NaN where invalid, as 32FC1 (REP-117, REP-118)."""
    return CvBridge().cv2_to_imgmsg(np.asarray(depth, np.float32), "passthrough", header)
