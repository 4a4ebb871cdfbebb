"""Channels of 16 bits as 8, whatever number of bits the camera fills."""

from __future__ import annotations

import numpy as np

from mem4d_ros.sensor_messages.remarks import Say

SENSOR_BITS = (8, 10, 12, 14, 16)
"""As many as converters have; drivers leave the bits above them zero, or those below."""


class SensorBits:
    """How many bits a camera fills, which no message says: as its brightest pixel so far needs.

    It never takes them for fewer again, or the pictures would flicker with their brightest pixel.
    """

    def __init__(self) -> None:
        self._bits = SENSOR_BITS[0]

    def of(self, pixels: np.ndarray) -> int:
        """The number, after another image (H, W) or (H, W, C); a fourth channel is opacity."""
        colours = pixels[..., :3] if pixels.ndim == 3 else pixels
        used = max(self._bits, int(colours.max(initial=0)).bit_length())
        self._bits = next(bits for bits in SENSOR_BITS if bits >= used)
        return self._bits


def to_eight_bits(pixels: np.ndarray, say: Say, sensor: SensorBits | None = None) -> np.ndarray:
    """The upper 8 of the bits that the camera fills: uint16, (H, W) or (H, W, C), as uint8.

    A camera of 10 or 12 bits would be nearly black by the upper byte. Without `sensor`, the image
    alone says how many there are.
    """
    bits = (sensor or SensorBits()).of(pixels)
    if bits < 16:
        say(
            f"images of 16 bits are nearly black: they use {bits} of them, and are made brighter"
            " to suit"
        )
    return (pixels >> (bits - 8)).astype(np.uint8)
