"""From a camera image to the network's input."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import ImageTransform


def resize_and_crop(image: np.ndarray, transform: ImageTransform) -> np.ndarray:
    """The image (H, W, 3) uint8 at the model's size (h, w, 3), contiguous.

    Shrinking averages over areas, so that thin structure does not alias; growing is bilinear.
    """
    size = transform.resized_size
    shrinking = transform.scale_x < 1
    resized = cv2.resize(
        image, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    )
    rows = slice(transform.crop_y, transform.crop_y + transform.output_height)
    columns = slice(transform.crop_x, transform.crop_x + transform.output_width)
    return np.ascontiguousarray(resized[rows, columns])
