"""Images of a lens that distorts, straightened as CameraInfo's model says."""

from __future__ import annotations

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo

from mem4d_ros.sensor_messages.camera_info import CameraInfoError, intrinsics_of_image, to_pixels

FISHEYE = "equidistant"
COEFFICIENTS = {"plumb_bob": 5, "rational_polynomial": 8, FISHEYE: 4}
"""Number of coefficients of each model that OpenCV knows; trailing zeros may be left out."""


class Rectifier:
    """Straightens images as image_proc does: to CameraInfo's R and P, or to K where P is not given.

    The maps are kept as long as neither CameraInfo nor the images' size changes.
    """

    def __init__(self) -> None:
        self._key: tuple = ()
        self._maps: tuple[np.ndarray, np.ndarray] | None = None
        self._intrinsics = np.eye(3)

    def rectify(self, image: np.ndarray, info: CameraInfo) -> tuple[np.ndarray, np.ndarray]:
        """The image (H, W, 3) as a pinhole camera sees it, and that camera's intrinsics (3, 3).

        Pixels that the lens did not see are black. Raises CameraInfoError.
        """
        height, width = image.shape[:2]
        key = _key(info, width, height)
        if key != self._key:
            self._prepare(info, width, height)
            self._key = key
        if self._maps is None:
            return image, self._intrinsics
        return cv2.remap(image, *self._maps, cv2.INTER_LINEAR), self._intrinsics

    def _prepare(self, info: CameraInfo, width: int, height: int) -> None:
        distorted = intrinsics_of_image(info, width, height)
        if distorted is None:
            raise CameraInfoError("K is 0: calibrate the camera")
        coefficients = _coefficients(info)
        rotation, straight = _target(info, width, height, distorted)
        self._intrinsics, self._maps = straight, None
        if not coefficients.any() and _same(rotation, np.eye(3)) and _same(straight, distorted):
            return
        lens = cv2.fisheye if info.distortion_model == FISHEYE else cv2
        self._maps = lens.initUndistortRectifyMap(
            distorted, coefficients, rotation, straight, (width, height), cv2.CV_16SC2
        )


def _coefficients(info: CameraInfo) -> np.ndarray:
    """(n,) of the model, n as OpenCV wants it."""
    count = COEFFICIENTS.get(info.distortion_model)
    if count is None:
        raise CameraInfoError(
            f"its distortion model is '{info.distortion_model}': use one of"
            f" {', '.join(COEFFICIENTS)}"
        )
    given = np.array(info.d, np.float64)
    if len(given) > count or not np.isfinite(given).all():
        raise CameraInfoError(
            f"D is {given.tolist()}, but {info.distortion_model} has {count} finite numbers"
        )
    return np.pad(given, (0, count - len(given)))


def _target(
    info: CameraInfo, width: int, height: int, distorted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) to the straightened camera, and its intrinsics (3, 3)."""
    projection = np.array(info.p, np.float64).reshape(3, 4)[:, :3]
    if not projection.any():
        return np.eye(3), distorted
    rotation = np.array(info.r, np.float64).reshape(3, 3)
    straight = to_pixels(projection, "P", info, width, height)
    return (rotation if rotation.any() else np.eye(3)), straight


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, atol=1e-9))


def _key(info: CameraInfo, width: int, height: int) -> tuple:
    """All that the maps depend on."""
    region = (info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height)
    numbers = tuple(tuple(values) for values in (info.k, info.d, info.r, info.p))
    binning = (info.binning_x, info.binning_y)
    size = (info.width, info.height, width, height)
    return info.distortion_model, numbers, region, binning, size
