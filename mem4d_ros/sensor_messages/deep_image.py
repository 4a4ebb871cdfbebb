"""Channels of 16 bits as 8, whatever number of bits the camera fills."""

from __future__ import annotations

import numpy as np

from mem4d_ros.sensor_messages.remarks import Say

SENSOR_BITS = (8, 10, 12, 14, 16)
"""As many as converters have; drivers leave the bits above them zero, or those below."""


def to_eight_bits(pixels: np.ndarray, say: Say) -> np.ndarray:
    """The upper 8 of the bits that the image uses: uint16, (H, W) or (H, W, C), as uint8.

    A camera of 10 or 12 bits would be nearly black by the upper byte. How many bits there are, no
    message says, so that the image's brightest pixel has to; opacity, a fourth channel, is full.
    """
    colours = pixels[..., :3] if pixels.ndim == 3 else pixels
    used = int(colours.max(initial=0)).bit_length()
    bits = next(bits for bits in SENSOR_BITS if bits >= used)
    if bits < 16:
        say(
            f"images of 16 bits are nearly black: they use {bits} of them, and are made brighter"
            " to suit"
        )
    return (pixels >> (bits - 8)).astype(np.uint8)
