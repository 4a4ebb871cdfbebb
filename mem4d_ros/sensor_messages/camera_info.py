"""The intrinsics of an image from the fields of its sensor_msgs/CameraInfo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

LONGEST = 1e6
"""In pixels: no focal length is larger, no principal point farther off."""
LEAST_FOCAL_RATIO = 0.05
"""Of the sensor's long side, 169°: less is the unit matrix that some drivers send for none."""
FARTHEST_CENTRE_RATIO = 0.2
"""Of the image's sides, between its centre and the principal point, where that is all there is."""
MAX_COEFFICIENTS = 14
"""Of any distortion model that OpenCV knows."""


class CameraInfoError(ValueError):
    """A CameraInfo that does not describe the image; the message says why and what to do."""


@dataclass(frozen=True)
class SensorRegion:
    """Region of a sensor that images show; all (x, y), in pixels of the sensor before binning.

    Attributes:
        offset: of the region of interest; size: of it, 0 where unknown.
        binning: sensor pixels that were joined to one.
    """

    offset: np.ndarray
    size: np.ndarray
    binning: np.ndarray

    @staticmethod
    def of(info: Any) -> SensorRegion:
        """From the fields of a sensor_msgs/CameraInfo."""
        return SensorRegion(
            offset=np.array([info.roi.x_offset, info.roi.y_offset]),
            size=np.array([info.roi.width or info.width, info.roi.height or info.height]),
            binning=np.array([max(info.binning_x, 1), max(info.binning_y, 1)]),
        )

    @property
    def binned(self) -> np.ndarray:
        """The size that images have if they were not resized since."""
        return self.size / self.binning

    def is_shown_by(self, width: int, height: int) -> bool:
        """Whether an image of this size keeps the region's aspect ratio, but for whole pixels."""
        image = np.array([width, height])
        return bool(abs(image - self.binned * (image / self.binned).mean()).max() <= 1)

    def to_image(self, intrinsics: np.ndarray, width: int, height: int) -> np.ndarray:
        """Intrinsics (3, 3) of the sensor, as those of an image of this size."""
        scale = np.array([width, height]) / self.binned / self.binning
        moved = intrinsics.copy()
        # Pixel centres lie at integers: pixel edges scale, centres are half a pixel off.
        moved[:2, 2] = (intrinsics[:2, 2] - self.offset + 0.5) * scale - 0.5
        moved[0, :2] *= scale[0]
        moved[1, 1] *= scale[1]
        return moved


def intrinsics_of_image(info: Any, width: int, height: int) -> np.ndarray | None:
    """Intrinsics (3, 3) float64 of an image of this size; None where the camera is uncalibrated.

    Raises CameraInfoError for values that are no pinhole camera's and for a size that does not fit.
    """
    if len(info.d) > MAX_COEFFICIENTS and np.any(info.d[MAX_COEFFICIENTS:]):
        raise CameraInfoError(
            f"D has {len(info.d)} numbers, but no lens has more than {MAX_COEFFICIENTS}"
        )
    intrinsics = np.array(info.k, np.float64).reshape(3, 3)
    return to_pixels(intrinsics, "K", info, width, height) if intrinsics.any() else None


def to_pixels(intrinsics: np.ndarray, name: str, info: Any, width: int, height: int) -> np.ndarray:
    """Intrinsics (3, 3) of the full sensor, as those of an image of this size.

    Region of interest and binning are followed to the image. An image that was resized afterwards
    is followed, too, if its aspect ratio was kept. `name` is what errors call the matrix. Raises
    CameraInfoError as above.
    """
    if not _is_pinhole(intrinsics):
        raise CameraInfoError(f"{name} is {intrinsics.tolist()}: calibrate the camera")
    region = SensorRegion.of(info)
    if not region.size.any():
        region = _of_images(region, intrinsics, width, height)
    if not region.size.all():
        raise CameraInfoError(f"its size is {info.width}x{info.height}: the driver must set it")
    long_side = max(info.width, info.height) or region.size.max()
    if intrinsics[[0, 1], [0, 1]].min() < LEAST_FOCAL_RATIO * long_side:
        raise CameraInfoError(f"{name} is {intrinsics.tolist()}: calibrate the camera")
    if not region.is_shown_by(width, height):
        described = region.binned
        raise CameraInfoError(
            f"it describes {described[0]:g}x{described[1]:g} pixels, but images have"
            f" {width}x{height}: use the calibration of this image"
        )
    return region.to_image(intrinsics, width, height)


def _of_images(
    region: SensorRegion, intrinsics: np.ndarray, width: int, height: int
) -> SensorRegion:
    """The region of a driver that leaves its size out: the images', if their centre is near K's.

    Raises CameraInfoError.
    """
    size = np.array([width, height]) * region.binning
    if (abs(intrinsics[:2, 2] / size - 0.5) > FARTHEST_CENTRE_RATIO).any():
        raise CameraInfoError("its size is 0x0, and K is of another: the driver must set it")
    return replace(region, size=size)


def _is_pinhole(intrinsics: np.ndarray) -> bool:
    """Whether it is [[fx, skew, cx], [0, fy, cy], [0, 0, 1]] of some lens."""
    focal_lengths = intrinsics[[0, 1], [0, 1]]
    below = intrinsics[[1, 2, 2], [0, 0, 1]]
    return bool(
        (np.abs(intrinsics) <= LONGEST).all()  # nor NaN
        and (focal_lengths >= 1).all()
        and not below.any()
        and intrinsics[2, 2] == 1
    )
