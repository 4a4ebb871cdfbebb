"""RGB arrays from the fields of a sensor_msgs/Image, whatever library its message is of.

Encodings are those of sensor_msgs/image_encodings.hpp that have colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from mem4d_ros.sensor_messages.colour_planes import PLANES, Planes
from mem4d_ros.sensor_messages.deep_image import SensorBits, to_eight_bits
from mem4d_ros.sensor_messages.remarks import Say, silent

MIN_SIDE = 16
MAX_PIXELS = 64_000_000
DEPTH = ("16UC1", "32FC1")
"""Encodings of depth (REP-118)."""


class UnusableImage(ValueError):  # noqa: N818
    """An image message of which no image can be made; the message says why and what to do."""


@dataclass(frozen=True)
class _Layout:
    """Layout of a pixel in memory, and the OpenCV conversion to RGB."""

    channels: int
    to_rgb: int | None
    bytes_per_channel: int = 1


_CHANNELS = {
    "rgb": (3, None),
    "bgr": (3, cv2.COLOR_BGR2RGB),
    "rgba": (4, cv2.COLOR_RGBA2RGB),
    "bgra": (4, cv2.COLOR_BGRA2RGB),
    "mono": (1, cv2.COLOR_GRAY2RGB),
    # OpenCV names a pattern by the second row's second and third pixel, ROS by the first four.
    "bayer_rggb": (1, cv2.COLOR_BayerBG2RGB),
    "bayer_bggr": (1, cv2.COLOR_BayerRG2RGB),
    "bayer_gbrg": (1, cv2.COLOR_BayerGR2RGB),
    "bayer_grbg": (1, cv2.COLOR_BayerGB2RGB),
}
BAYER = {
    f"{name}{bits}": conversion
    for name, (_, conversion) in _CHANNELS.items()
    for bits in (8, 16)
    if name.startswith("bayer") and conversion is not None
}
"""OpenCV's conversion to RGB, by encoding."""
# What OpenCV's own types say nothing of: it has blue first.
_UNNAMED = {"C1": "mono", "C3": "bgr", "C4": "bgra"}
_ENCODINGS = {
    **{f"{name}8": _Layout(*layout) for name, layout in _CHANNELS.items()},
    **{f"{name}16": _Layout(*layout, 2) for name, layout in _CHANNELS.items()},
    **dict.fromkeys(("yuv422", "uyvy"), _Layout(2, cv2.COLOR_YUV2RGB_UYVY)),
    **dict.fromkeys(("yuv422_yuy2", "yuyv"), _Layout(2, cv2.COLOR_YUV2RGB_YUY2)),
    **{f"8U{channels}": _Layout(*_CHANNELS[name]) for channels, name in _UNNAMED.items()},
    # 16UC1 is depth (REP-118).
    "16UC3": _Layout(*_CHANNELS["bgr"], 2),
    "16UC4": _Layout(*_CHANNELS["bgra"], 2),
}


def raw_to_rgb(message: Any, say: Say = silent, sensor: SensorBits | None = None) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB; it may share the message's memory.

    Rows may be padded. `sensor` remembers a stream's depth of 16 bits. Raises UnusableImage for
    encodings without colours, for sizes of no camera and for less data than the size needs.
    """
    check_size(message.width, message.height)
    encoding = _known_encoding(message.encoding)
    if encoding in PLANES:
        return _planes_to_rgb(message, PLANES[encoding])
    layout = _ENCODINGS[encoding]
    pixel_bytes = layout.channels * layout.bytes_per_channel
    step = _step(message, pixel_bytes)
    _check_step(message, step, pixel_bytes)
    # Some drivers do not fill the last row up.
    _check_data(message, (message.height - 1) * step + message.width * pixel_bytes)
    pixels = np.ndarray(
        (message.height, message.width, layout.channels),
        np.dtype(f"{'>' if message.is_bigendian else '<'}u{layout.bytes_per_channel}"),
        buffer=message.data,
        strides=(step, pixel_bytes, layout.bytes_per_channel),
    )
    if layout.bytes_per_channel > 1:
        pixels = to_eight_bits(pixels, say, sensor)
    if layout.to_rgb is None:
        return pixels
    try:
        return cv2.cvtColor(pixels, layout.to_rgb)
    except cv2.error as error:  # two pixels share a colour in yuv422, four in a Bayer mosaic
        raise UnusableImage(
            f"an image of {message.width}x{message.height} pixels cannot be {message.encoding}"
        ) from error


def _known_encoding(named: str) -> str:
    """Its name in the table: some drivers write capitals, or blanks. Raises UnusableImage."""
    name = named.strip()
    for candidate in (name, name.lower(), name.upper()):
        if candidate in _ENCODINGS or candidate in PLANES:
            return candidate
    kind = " (it is depth)" if name.upper() in DEPTH else ""
    raise UnusableImage(
        f"encoding {named!r} has no colours{kind}: choose a topic of images with one of"
        f" {', '.join((*_ENCODINGS, *PLANES))}"
    )


def _step(message: Any, pixel_bytes: int) -> int:
    """Bytes of a row. Some drivers leave it out, or count pixels, but do not pad rows either."""
    row_bytes = message.width * pixel_bytes
    is_left_out = message.step in (0, message.width)
    is_dense = len(message.data) == message.height * row_bytes
    return row_bytes if is_left_out and is_dense else message.step


def _planes_to_rgb(message: Any, planes: Planes) -> np.ndarray:
    data = np.frombuffer(message.data, np.uint8)
    step = message.step or message.width
    if len(data) < planes.size(message.height, step) and 2 * step >= 3 * message.width:
        step = message.width  # some drivers count the bytes of both planes
    _check_data(message, planes.size(message.height, step))
    _check_step(message, step, 1)
    try:
        return planes.to_rgb(data, message.width, message.height, step)
    except ValueError as error:
        raise UnusableImage(
            f"an image of {message.width}x{message.height} pixels cannot be {message.encoding}"
        ) from error


def _check_data(message: Any, needed: int) -> None:
    if len(message.data) < needed:
        raise UnusableImage(
            f"image data has {len(message.data)} bytes, but {message.height} rows of"
            f" {message.encoding} with a step of {message.step} bytes need {needed}: the driver is"
            " at fault"
        )


def _check_step(message: Any, step: int, pixel_bytes: int) -> None:
    if step < message.width * pixel_bytes:
        raise UnusableImage(
            f"image rows of {step} bytes cannot hold {message.width} pixels of"
            f" {message.encoding}: the driver is at fault"
        )


def check_size(width: int, height: int) -> None:
    """Raises UnusableImage for a size that no camera has."""
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise UnusableImage(
            f"image size {width}x{height} is not usable: each side must have at least {MIN_SIDE}"
            f" pixels, and the whole at most {MAX_PIXELS // 1_000_000} megapixels"
        )
