"""Calibration of the camera: CameraInfo as far as it is usable, and rectification."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo

from mem4d_ros.ros.interface.settings import InputSettings
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.sensor_messages.camera_info import CameraInfoError
from mem4d_ros.sensor_messages.lens import Lens, StraightImage, is_rectified


class Calibration:
    """Applies the newest CameraInfo to each image, and says when its use changes.

    No image is lost for its calibration: without a usable one, intrinsics are predicted.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lens = Lens()
        self._said = ""

    def apply(
        self, image: np.ndarray, info: CameraInfo | None, topic: str, settings: InputSettings
    ) -> StraightImage:
        """The image (H, W, 3) of a topic as the network should see it, and its intrinsics."""
        if info is None:
            self._say("there is no CameraInfo (yet): intrinsics are predicted")
            return StraightImage(image, None, "")
        rectified = settings.rectified == "yes"
        if settings.rectified == "auto":
            rectified = is_rectified(topic)
        try:
            straight = self._lens.straighten(image, info, rectified, settings.undistort)
        except CameraInfoError as error:
            self._reporter.warning(
                "camera_info", f"CameraInfo is not used, intrinsics are predicted: {error}"
            )
            self._said = ""
            return StraightImage(image, None, "")
        if straight.intrinsics is None:
            self._say("CameraInfo has no calibration (K is 0): intrinsics are predicted")
        else:
            self._say(f"{straight.source} ({_brief(straight.intrinsics)})")
        return straight

    def _say(self, message: str) -> None:
        """Once, until something else is true."""
        if message != self._said:
            self._reporter.note(f"calibration {message.partition('(')[0]}", message)
        self._said = message


def _brief(intrinsics: np.ndarray) -> str:
    fx, fy, cx, cy = intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]]
    return f"fx {fx:.1f}, fy {fy:.1f}, cx {cx:.1f}, cy {cy:.1f}"
