"""Coloured points as the records of a sensor_msgs/PointCloud2."""

from __future__ import annotations

import array

import cv2
import numpy as np

POINT = np.dtype([(name, np.float32) for name in ("x", "y", "z", "rgb", "confidence")])
"""In the machine's byte order, without padding."""


def packed_cloud(
    positions: np.ndarray, colours: np.ndarray, confidences: np.ndarray
) -> array.array[int]:
    """Records (N,) of POINT, in bytes: positions (N, 3), colours (N, 3) uint8, confidences (N,).

    Colours are packed as RViz and PCL read them. The result is what the data of rclpy's messages
    are, which take it as it is: megabytes are not copied once more.
    """
    data = array.array("B", [0]) * (len(positions) * POINT.itemsize)
    if not len(positions):  # OpenCV takes no empty arrays
        return data
    records = np.frombuffer(data, np.float32).reshape(1, -1, POINT.itemsize // 4)
    sources = [
        positions.reshape(1, -1, 3),
        _packed(colours),
        confidences.reshape(1, -1),
    ]
    cv2.mixChannels(sources, [records], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    return data


def unpacked_cloud(records: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (N, 3) float32, colours (N, 3) uint8 and confidences (N,) of records (N,)."""
    if not len(records):  # OpenCV takes no empty arrays
        return np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
    values = records.view(np.float32).reshape(1, -1, POINT.itemsize // 4)
    packed = np.ascontiguousarray(values[0, :, 3]).view(np.uint32)
    shifts = np.array((16, 8, 0), np.uint32)
    colours = (packed[:, None] >> shifts).astype(np.uint8)
    return np.ascontiguousarray(values[0, :, :3]), colours, np.ascontiguousarray(values[0, :, 4])


def _packed(colours: np.ndarray) -> np.ndarray:
    """Colours (N, 3) uint8 as (1, N, 1) float32, whose bits are the number 0x00RRGGBB."""
    opaque = cv2.cvtColor(colours[None], cv2.COLOR_RGB2BGRA)  # (1, N, 4), the lowest byte first
    numbers = opaque.view("<u4").astype(np.uint32, copy=False)
    numbers &= 0x00FFFFFF
    return numbers.view(np.float32)
