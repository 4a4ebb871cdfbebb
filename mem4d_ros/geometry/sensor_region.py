"""From a camera's whole sensor to the image that it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SensorRegion:
    """What images show of a sensor; all (x, y), in pixels of the sensor before binning.

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
