"""Coloured points as the records of a sensor_msgs/PointCloud2."""

import sys

import cv2
import numpy as np

from mem4d_ros.runtime.points import ColouredPoints

POINT = np.dtype([(name, np.float32) for name in ("x", "y", "z", "rgb", "confidence")])
"""In the machine's byte order, without padding."""


def packed_cloud(positions: np.ndarray, points: ColouredPoints) -> np.ndarray:
    """Records (N,) of POINT: positions (N, 3), colours and confidences of `points`.

    Colours are packed as RViz and PCL read them.
    """
    records = np.empty(len(positions), POINT)
    for index, axis in enumerate("xyz"):
        records[axis] = positions[:, index]
    records["rgb"] = _packed(points.colours)
    records["confidence"] = points.confidences
    return records


def _packed(colours: np.ndarray) -> np.ndarray:
    """Colours (N, 3) uint8 as (N,) float32, whose bits are the number 0x00RRGGBB."""
    channels = [2, 1, 0] if sys.byteorder == "little" else [1, 2, 3]  # of red, green, blue
    packed = np.zeros((1, len(colours), 4), np.uint8)
    if len(colours):  # OpenCV takes no empty arrays
        pairs = [number for pair in enumerate(channels) for number in pair]
        cv2.mixChannels([colours[None]], [packed], pairs)
    return packed.view(np.float32).reshape(-1)
