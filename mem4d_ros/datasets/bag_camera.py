"""The intrinsics of an image from the fields of its sensor_msgs/CameraInfo."""

from typing import Any

import numpy as np

from mem4d_ros.geometry import SensorRegion


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
    region = SensorRegion.of(info)
    if not region.size.all():
        raise ValueError("CameraInfo has no size: the driver must set it")
    if not region.is_shown_by(width, height):
        described = region.binned
        raise ValueError(
            f"CameraInfo describes {described[0]:g}x{described[1]:g} pixels, the image has"
            f" {width}x{height}"
        )
    return region.to_image(intrinsics, width, height)
