"""Calibration of the camera: CameraInfo as far as it is usable, and rectification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import CameraInfo

from mem4d_ros.ros.conversions.rectification import Rectifier
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.runtime import FrameRejected
from mem4d_ros.sensor_messages.camera_info import CameraInfoError, intrinsics_of_image


@dataclass(frozen=True)
class CalibratedImage:
    """An image (H, W, 3) uint8 RGB and what CameraInfo says of it."""

    image: np.ndarray
    intrinsics: np.ndarray | None  # (3, 3); None: to be predicted
    camera_info: CameraInfo | None  # whose distortion the image still has; None: none or unknown


class Calibration:
    """Applies the newest CameraInfo to each image, and says when its use changes."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._rectifier = Rectifier()
        self._said = ""

    def apply(self, image: np.ndarray, info: CameraInfo | None, undistort: bool) -> CalibratedImage:
        """Raises FrameRejected for an image that cannot be undistorted as asked."""
        if undistort:
            return self._undistorted(image, info)
        if info is None:
            self._say("absent", "there is no CameraInfo (yet): intrinsics are predicted")
            return CalibratedImage(image, None, None)
        height, width = image.shape[:2]
        try:
            intrinsics = intrinsics_of_image(info, width, height)
        except CameraInfoError as error:
            self._reporter.warning(
                "camera_info", f"CameraInfo is not used, intrinsics are predicted: {error}"
            )
            self._said = ""
            return CalibratedImage(image, None, None)
        if intrinsics is None:
            self._say(
                "uncalibrated", "CameraInfo has no calibration (K is 0): intrinsics are predicted"
            )
            return CalibratedImage(image, None, None)
        self._say("used", f"intrinsics are CameraInfo's: {_brief(intrinsics)}")
        return CalibratedImage(image, intrinsics, info)

    def _undistorted(self, image: np.ndarray, info: CameraInfo | None) -> CalibratedImage:
        if info is None:
            raise FrameRejected("input.undistort is set, but no CameraInfo has arrived yet")
        try:
            straight, intrinsics = self._rectifier.rectify(image, info)
        except CameraInfoError as error:
            raise FrameRejected(
                f"input.undistort is set, but CameraInfo does not allow it: {error}"
            ) from error
        self._say("used", f"images are undistorted to {_brief(intrinsics)}")
        return CalibratedImage(straight, intrinsics, None)

    def _say(self, kind: str, message: str) -> None:
        """Once, until something else is true."""
        if message != self._said:
            self._reporter.note(f"calibration {kind}", message)
        self._said = message


def _brief(intrinsics: np.ndarray) -> str:
    fx, fy, cx, cy = intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]]
    return f"fx {fx:.1f}, fy {fy:.1f}, cx {cx:.1f}, cy {cy:.1f}"
