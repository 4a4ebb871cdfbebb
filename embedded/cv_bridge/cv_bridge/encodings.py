"""The encodings of sensor_msgs/Image: their colour family, depth and number of channels."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from cv_bridge.errors import CvBridgeError

NUMPY_TYPES = {
    "8U": np.uint8,
    "8S": np.int8,
    "16U": np.uint16,
    "16S": np.int16,
    "32S": np.int32,
    "32F": np.float32,
    "64F": np.float64,
}
OPENCV_TYPES = {np.dtype(kind): name for name, kind in NUMPY_TYPES.items()}

COLOUR_CHANNELS = {"mono": 1, "rgb": 3, "bgr": 3, "rgba": 4, "bgra": 4}
COLOUR = re.compile(r"(mono|rgba?|bgra?)(8|16)")
BAYER = re.compile(r"(bayer_(?:rggb|bggr|gbrg|grbg))(8|16)")
GENERIC = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)(?:C(\d+))?")
YUV = ("yuv422", "yuv422_yuy2")


@dataclass(frozen=True)
class Encoding:
    """One encoding; `colour` is None where the channels have no meaning, as in 32FC1."""

    colour: str | None
    dtype: np.dtype
    channels: int

    @property
    def opencv_type(self) -> str:
        return opencv_type(self.dtype, self.channels)


def opencv_type(dtype: np.dtype, channels: int) -> str:
    """Return OpenCV's name of a pixel type, such as 8UC3."""
    return f"{OPENCV_TYPES[dtype.newbyteorder('=')]}C{channels}"


def parse(name: str) -> Encoding:
    """Return the encoding of this name; raise CvBridgeError for one that does not exist."""
    if match := COLOUR.fullmatch(name):
        colour, bits = match.groups()
        return Encoding(colour, np.dtype(f"u{int(bits) // 8}"), COLOUR_CHANNELS[colour])
    if match := BAYER.fullmatch(name):
        colour, bits = match.groups()
        return Encoding(colour, np.dtype(f"u{int(bits) // 8}"), 1)
    if name in YUV:
        return Encoding(name, np.dtype(np.uint8), 2)
    if match := GENERIC.fullmatch(name):
        kind, channels = match.groups()
        return Encoding(None, np.dtype(NUMPY_TYPES[kind]), int(channels or 1))
    raise CvBridgeError(f"Unrecognized image encoding [{name}]")
