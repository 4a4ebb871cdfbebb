"""Images as a pinhole camera sees them, and that camera, as CameraInfo says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from mem4d_ros.sensor_messages.camera_info import CameraInfoError, intrinsics_of_image, to_pixels

FISHEYE = ("equidistant", "fisheye", "kannala_brandt", "kannala_brandt4")
"""Names of Kannala's and Brandt's model, of which ROS has the first."""
BROWN = ("plumb_bob", "rational_polynomial", "thin_prism", "brown_conrady", "radtan")
"""Names of Brown's model: with 5, 8 or more numbers it is one, whatever it is called."""
COEFFICIENTS = {FISHEYE: (4,), BROWN: (4, 5, 8, 12, 14)}
"""As many numbers as OpenCV takes; drivers add zeros, or leave them out."""
LARGEST_CHANGE = 10.0
"""Of the focal length, by straightening: a P beyond it is a default that nobody set."""
LEAST_SEEN = 0.1
"""Of a straight image's pixels, on which the lens has to have seen something."""
_RECTIFIED = re.compile(r"(^|[/_])rect(ified)?($|[/_])")


def is_rectified(topic: str) -> bool:
    """Whether image_proc's naming says so: image_rect, image_rect_color."""
    return bool(_RECTIFIED.search(topic))


@dataclass(frozen=True)
class StraightImage:
    """An image (H, W, 3) uint8 RGB, and its pinhole camera.

    Attributes:
        image: the image itself where there was nothing to straighten.
        intrinsics: (3, 3) float64; None of an uncalibrated camera.
        source: in words, what was done.
        maps: by which cv2.remap made it; None where there was nothing to straighten.
        problem: why the distortion is still in it; empty where it is not.
        seen: (H, W) bool, the pixels that the lens saw, the others are black; None: it saw all.
    """

    image: np.ndarray
    intrinsics: np.ndarray | None
    source: str
    maps: tuple[np.ndarray, np.ndarray] | None = None
    problem: str = ""
    seen: np.ndarray | None = None


class Lens:
    """Straightens images as image_proc does: to CameraInfo's R and P, or to K where P is not given.

    The maps are kept as long as neither CameraInfo nor the images' size changes.
    """

    def __init__(self) -> None:
        self._key: tuple = ()
        self._maps: tuple[np.ndarray, np.ndarray] | None = None
        self._seen: np.ndarray | None = None
        self._intrinsics: np.ndarray | None = None
        self._source = self._problem = ""

    def straighten(
        self, image: np.ndarray, info: Any, rectified: bool = False, undistort: bool = True
    ) -> StraightImage:
        """The image (H, W, 3) with the lens' distortion taken out; info is a CameraInfo.

        Of a `rectified` image the camera is P; with `undistort` false it is K, as if the lens did
        not distort. Pixels that the lens did not see are black. Raises CameraInfoError.
        """
        height, width = image.shape[:2]
        key = (*_key(info), width, height, rectified, undistort)
        if key != self._key:
            self._prepare(info, width, height, rectified, undistort)
            self._key = key
        if self._maps is not None:
            image = cv2.remap(image, *self._maps, cv2.INTER_LINEAR)
        return StraightImage(
            image, self._intrinsics, self._source, self._maps, self._problem, self._seen
        )

    def _prepare(
        self, info: Any, width: int, height: int, rectified: bool, undistort: bool
    ) -> None:
        self._key, self._maps, self._seen, self._problem = (), None, None, ""
        lens, target = intrinsics_of_image(info, width, height), _projection(info, width, height)
        if lens is None or (rectified and target is not None):
            self._intrinsics, self._source = target, "the images are rectified, to CameraInfo's P"
            return
        self._intrinsics, self._source = lens, "intrinsics are CameraInfo's K"
        if rectified or not undistort:
            return
        rotation = np.array(info.r, np.float64).reshape(3, 3)
        if target is None or not _is_near(target, lens):
            rotation, target = np.eye(3), lens
        if not rotation.any():
            rotation = np.eye(3)
        try:
            found = _straightening_maps(info, lens, rotation, target, (width, height))
        except CameraInfoError as error:
            self._problem = str(error)
            self._source = f"the images stay distorted, and intrinsics are CameraInfo's K: {error}"
            return
        if found is not None:
            self._maps, self._seen = found
            self._intrinsics, self._source = target, "the images are undistorted"


def _straightening_maps(
    info: Any, lens: np.ndarray, rotation: np.ndarray, target: np.ndarray, size: tuple[int, int]
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray | None] | None:
    """From an image of `size` (W, H) of camera `lens` to one of `target`, both (3, 3).

    With the pixels that the lens saw (H, W) bool, or None where it saw all. None without
    distortion. Raises CameraInfoError for a model that is not known, and where next
    to nothing of the image would be left.
    """
    coefficients, is_fisheye = _distortion(info)
    if not coefficients.any():
        return None
    module = cv2.fisheye if is_fisheye else cv2
    maps = module.initUndistortRectifyMap(lens, coefficients, rotation, target, size, cv2.CV_16SC2)
    everywhere = np.ones(size[::-1], np.uint8)
    seen = cv2.remap(everywhere, maps[0], maps[1], cv2.INTER_NEAREST).astype(bool)
    if seen.mean() < LEAST_SEEN:
        raise CameraInfoError(
            "next to nothing of the images would be left by its K, D, R and P: calibrate the camera"
        )
    return (maps[0], maps[1]), None if seen.all() else seen


def _projection(info: Any, width: int, height: int) -> np.ndarray | None:
    """P (3, 3) of an image of this size; None where it is not given, or none of a camera."""
    projection = np.array(info.p, np.float64).reshape(3, 4)[:, :3]
    if not projection.any():
        return None
    try:
        return to_pixels(projection, "P", info, width, height)
    except CameraInfoError:
        if np.any(info.k):
            return None
        raise


def _distortion(info: Any) -> tuple[np.ndarray, bool]:
    """(n,) of the model, n as OpenCV wants it, and whether it is a fisheye's.

    Raises CameraInfoError for a model that is not known; without distortion any will do.
    """
    given = np.array(info.d, np.float64)
    if not np.isfinite(given).all():
        raise CameraInfoError(f"D is {given.tolist()}, which are no finite numbers")
    length = int(np.max(np.flatnonzero(given), initial=-1)) + 1
    if not length:
        return np.zeros(4), False
    model = info.distortion_model.strip().lower().replace(" ", "_")
    names = next((names for names in COEFFICIENTS if model in names), None)
    if names is None:
        raise CameraInfoError(
            f"its distortion model is '{info.distortion_model}': use one of"
            f" {', '.join((*BROWN[:2], FISHEYE[0]))}"
        )
    count = next((count for count in COEFFICIENTS[names] if count >= length), None)
    if count is None:
        raise CameraInfoError(
            f"D is {given.tolist()}, but {info.distortion_model} has {COEFFICIENTS[names][-1]}"
            " numbers"
        )
    return np.pad(given[:length], (0, count - length)), names is FISHEYE


def _is_near(target: np.ndarray, lens: np.ndarray) -> bool:
    change = target[[0, 1], [0, 1]] / lens[[0, 1], [0, 1]]
    return bool((change < LARGEST_CHANGE).all() and (change > 1 / LARGEST_CHANGE).all())


def _key(info: Any) -> tuple:
    """All that the maps depend on, of a CameraInfo."""
    region = (info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height)
    numbers = tuple(np.array(values).tobytes() for values in (info.k, info.d, info.r, info.p))
    binning = (info.binning_x, info.binning_y)
    return info.distortion_model, numbers, region, binning, info.width, info.height
