"""The intrinsics of an image from the fields of its sensor_msgs/CameraInfo."""

from typing import Any

import numpy as np


def intrinsics_of_image(info: Any, width: int, height: int) -> np.ndarray | None:
    """Intrinsics (3, 3) float64 of an image of this size; None where the camera is uncalibrated.

    K is of the full sensor, in pixels before binning; the image shows the region of interest, and
    may have been resized since. Raises ValueError for a calibration that cannot be this image's.
    """
    intrinsics = np.array(info.k, np.float64).reshape(3, 3)
    if not intrinsics.any():
        return None
    if not (np.isfinite(intrinsics).all() and (np.diag(intrinsics) > 0).all()):
        raise ValueError(f"CameraInfo has K {intrinsics.tolist()}: calibrate the camera")
    region = np.array([info.roi.width or info.width, info.roi.height or info.height])
    if not region.all():
        raise ValueError("CameraInfo has no size: the driver must set it")
    binned = region / np.maximum([info.binning_x, info.binning_y], 1)
    image = np.array([width, height])
    if abs(image - binned * (image / binned).mean()).max() > 1:  # more than rounding
        raise ValueError(
            f"CameraInfo describes {binned[0]:g}x{binned[1]:g} pixels, the image has"
            f" {width}x{height}"
        )
    scale_x, scale_y = image / region
    # Pixel centres lie at integers: pixel edges scale, centres are half a pixel off.
    to_image = np.array(
        [
            [scale_x, 0.0, (0.5 - info.roi.x_offset) * scale_x - 0.5],
            [0.0, scale_y, (0.5 - info.roi.y_offset) * scale_y - 0.5],
            [0.0, 0.0, 1.0],
        ]
    )
    return to_image @ intrinsics
