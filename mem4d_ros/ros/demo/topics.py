"""Topics of the demo's camera, and their quality of service."""

from __future__ import annotations

from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

IMAGE = "demo/image"
CAMERA_INFO = "demo/camera_info"
CAMERA_FRAME = "demo_camera_optical_frame"

# Reliable, so that every frame can be accounted for; a camera driver would use best effort.
HISTORY_DEPTH = 20
IMAGE_QOS = QoSProfile(
    reliability=ReliabilityPolicy.RELIABLE,
    history=HistoryPolicy.KEEP_LAST,
    depth=HISTORY_DEPTH,
)
POSE = "mem4d/odometry"
