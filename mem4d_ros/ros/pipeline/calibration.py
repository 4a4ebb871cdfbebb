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

    No image is lost for its calibration: without a usable one, the one before counts, and before
    the first, intrinsics are predicted.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lens = Lens()
        self._said = ""
        self._usable: tuple[CameraInfo, tuple[int, ...]] | None = None  # and of what images

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
        problem = ""
        try:
            straight = self._lens.straighten(image, info, rectified, settings.undistort)
        except CameraInfoError as error:
            straight, problem = StraightImage(image, None, ""), str(error)
        if straight.intrinsics is not None:
            self._say(f"{straight.source} ({_brief(straight.intrinsics)})")
            self._usable = info, image.shape
            return straight
        before = self._usable
        if before is None or before[1] != image.shape:
            self._say_unusable(problem, "intrinsics are predicted")
            return straight
        self._say_unusable(problem, "the one before counts")
        return self._lens.straighten(image, before[0], rectified, settings.undistort)

    def _say_unusable(self, problem: str, instead: str) -> None:
        if problem:
            self._reporter.warning("camera_info", f"CameraInfo is not used, {instead}: {problem}")
            self._said = ""
        else:
            self._say(f"CameraInfo has no calibration (K is 0): {instead}")

    def _say(self, message: str) -> None:
        """Once, until something else is true."""
        if message != self._said:
            self._reporter.note(f"calibration {message.partition('(')[0]}", message)
        self._said = message


def _brief(intrinsics: np.ndarray) -> str:
    fx, fy, cx, cy = intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]]
    return f"fx {fx:.1f}, fy {fy:.1f}, cx {cx:.1f}, cy {cy:.1f}"
