"""Coloured points to sensor_msgs/PointCloud2."""

import sys

import cv2
import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from mem4d_ros.runtime import ColouredPoints

POINT = np.dtype([(name, np.float32) for name in ("x", "y", "z", "rgb", "confidence")])
FIELDS = [
    PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
    for index, name in enumerate(POINT.names or ())
]


def to_point_cloud(points: ColouredPoints, header: Header) -> PointCloud2:
    """An unordered cloud of x, y, z, confidence and rgb, packed as RViz and PCL read it."""
    count = len(points.positions)
    records = np.empty(count, POINT)
    for index, axis in enumerate("xyz"):
        records[axis] = points.positions[:, index]
    records["rgb"] = _packed(points.colours)
    records["confidence"] = points.confidences
    cloud = PointCloud2(header=header, height=1, width=count, fields=FIELDS, is_dense=True)
    cloud.is_bigendian = sys.byteorder != "little"
    cloud.point_step, cloud.row_step = POINT.itemsize, POINT.itemsize * count
    cloud.data.frombytes(
        records.view(np.uint8)
    )  # the only copy: assigned, data is copied once more
    return cloud


def _packed(colours: np.ndarray) -> np.ndarray:
    """Colours (N, 3) uint8 as (N,) float32, whose bits are the number 0x00RRGGBB."""
    channels = [2, 1, 0] if sys.byteorder == "little" else [1, 2, 3]  # of red, green, blue
    packed = np.zeros((1, len(colours), 4), np.uint8)
    if len(colours):  # OpenCV takes no empty arrays
        pairs = [number for pair in enumerate(channels) for number in pair]
        cv2.mixChannels([colours[None]], [packed], pairs)
    return packed.view(np.float32).reshape(-1)
