"""Conversion of an image from one encoding to another."""

from __future__ import annotations

import cv2
import numpy as np

from cv_bridge import encodings
from cv_bridge.encodings import Encoding
from cv_bridge.errors import CvBridgeError

OPENCV_COLOURS = {"mono": "GRAY", "rgb": "RGB", "bgr": "BGR", "rgba": "RGBA", "bgra": "BGRA"}
# OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the first four.
OPENCV_BAYER = {
    "bayer_rggb": "BayerBG",
    "bayer_bggr": "BayerRG",
    "bayer_gbrg": "BayerGR",
    "bayer_grbg": "BayerGB",
}
OPENCV_BAYER_TARGETS = ("mono", "rgb", "bgr")
OPENCV_YUV = {"yuv422": "UYVY", "yuv422_yuy2": "YUY2"}


def convert(image: np.ndarray, source_name: str, target_name: str) -> np.ndarray:
    """Return `image` (H, W) or (H, W, channels) in the target encoding.

    Between 8 and 16 bits values are scaled by 257, to all other types they are kept; what does not
    fit is clipped. Raises CvBridgeError where no such conversion exists.
    """
    if source_name == target_name:
        return image
    source, target = encodings.parse(source_name), encodings.parse(target_name)
    if source.colour is None or target.colour is None:
        _require_same_layout(source, target, source_name, target_name)
    elif source.colour != target.colour:
        code = _opencv_code(source.colour, target.colour)
        if code is None:
            raise CvBridgeError(f"Unsupported conversion from [{source_name}] to [{target_name}]")
        image = cv2.cvtColor(image, code)
    return _with_type(image, target.dtype)


def _opencv_code(source: str, target: str) -> int | None:
    to = OPENCV_COLOURS.get(target)
    if source in OPENCV_BAYER:
        if target not in OPENCV_BAYER_TARGETS:
            return None
        name = f"COLOR_{OPENCV_BAYER[source]}2{to}"
    elif source in OPENCV_YUV:
        name = f"COLOR_YUV2{to}_{OPENCV_YUV[source]}"
    else:
        name = f"COLOR_{OPENCV_COLOURS[source]}2{to}"
    return getattr(cv2, name, None)


def _require_same_layout(
    source: Encoding, target: Encoding, source_name: str, target_name: str
) -> None:
    """Refuse what has no meaning where one side has no colours."""
    if target.colour is not None:
        raise CvBridgeError(
            f"[{source_name}] is not a color format, but [{target_name}] is: "
            "the conversion does not make sense"
        )
    if source.channels != target.channels:
        raise CvBridgeError(
            f"[{source_name}] and [{target_name}] do not have the same number of channels"
        )


def _with_type(image: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if image.dtype == dtype:
        return image
    depths = (image.dtype.itemsize, dtype.itemsize)
    scaled = image * {(1, 2): 257.0, (2, 1): 1.0 / 257.0}.get(depths, 1.0)
    if dtype.kind == "f":
        return scaled.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(scaled), limits.min, limits.max).astype(dtype)
