"""Between sensor_msgs/CameraInfo and intrinsics."""

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mem4d_ros.geometry import SensorRegion

LONGEST = 1e6
"""In pixels: no focal length is larger, no principal point farther off."""
MOST_COEFFICIENTS = 14
"""Of any distortion model that OpenCV knows."""


class CameraInfoError(ValueError):
    """A CameraInfo that does not describe the image; the message says why and what to do."""


def intrinsics_of_image(info: CameraInfo, width: int, height: int) -> np.ndarray | None:
    """Intrinsics (3, 3) float64 of an image of this size; None where the camera is uncalibrated.

    Raises CameraInfoError for values that are no pinhole camera's and for a size that does not fit.
    """
    if len(info.d) > MOST_COEFFICIENTS:
        raise CameraInfoError(
            f"D has {len(info.d)} numbers, but no lens has more than {MOST_COEFFICIENTS}"
        )
    intrinsics = np.array(info.k, np.float64).reshape(3, 3)
    return to_pixels(intrinsics, "K", info, width, height) if intrinsics.any() else None


def to_pixels(
    intrinsics: np.ndarray, name: str, info: CameraInfo, width: int, height: int
) -> np.ndarray:
    """Intrinsics (3, 3) of the full sensor, as those of an image of this size.

    Region of interest and binning are followed to the image. An image that was resized afterwards
    is followed, too, if its aspect ratio was kept. `name` is what errors call the matrix. Raises
    CameraInfoError as above.
    """
    if not _is_pinhole(intrinsics):
        raise CameraInfoError(f"{name} is {intrinsics.tolist()}: calibrate the camera")
    region = SensorRegion.of(info)
    if not region.size.all():
        raise CameraInfoError(f"its size is {info.width}x{info.height}: the driver must set it")
    if not region.is_shown_by(width, height):
        described = region.binned
        raise CameraInfoError(
            f"it describes {described[0]:g}x{described[1]:g} pixels, but images have"
            f" {width}x{height}: publish the CameraInfo of this image"
        )
    return region.to_image(intrinsics, width, height)


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


def to_camera_info(
    intrinsics: np.ndarray, height: int, width: int, header: Header, source: CameraInfo | None
) -> CameraInfo:
    """The CameraInfo of an image with these intrinsics (3, 3).

    Distortion does not depend on an image's scale; it is the camera's own (`source`) where known.
    """
    info = CameraInfo(header=header, height=height, width=width)
    info.distortion_model = source.distortion_model if source else "plumb_bob"
    info.d = list(source.d) if source else [0.0] * 5
    info.k = intrinsics.flatten().tolist()
    info.r = np.eye(3).flatten().tolist()
    info.p = np.hstack([intrinsics, np.zeros((3, 1))]).flatten().tolist()
    return info
