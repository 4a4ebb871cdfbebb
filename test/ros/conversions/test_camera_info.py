"""The CameraInfo of depth images."""

from __future__ import annotations

import numpy as np
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.camera_info import to_camera_info
from mem4d_ros.sensor_messages.camera_info import intrinsics_of_image

K = np.array([[585.0, 0, 319.5], [0, 580.0, 239.5], [0, 0, 1]])


def test_what_is_written_is_read_back() -> None:
    info = to_camera_info(K, 480, 640, Header(frame_id="camera"))
    assert info.header.frame_id == "camera"
    np.testing.assert_array_equal(intrinsics_of_image(info, 640, 480), K)
    np.testing.assert_array_equal(np.reshape(info.p, (3, 4)), np.hstack([K, np.zeros((3, 1))]))
    np.testing.assert_array_equal(np.reshape(info.r, (3, 3)), np.eye(3))
    assert not any(info.d)
