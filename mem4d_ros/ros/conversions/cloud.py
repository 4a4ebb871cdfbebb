"""Coloured points to sensor_msgs/PointCloud2."""

import sys

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from sensor_msgs_py import point_cloud2
from std_msgs.msg import Header

from mem4d_ros.runtime import ColouredPoints

POINT = np.dtype([(name, np.float32) for name in ("x", "y", "z", "rgb", "confidence")])
FIELDS = [
    PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
    for index, name in enumerate(POINT.names or ())
]


def to_point_cloud(points: ColouredPoints, header: Header) -> PointCloud2:
    """An unordered cloud of x, y, z, confidence and rgb, packed as RViz and PCL read it."""
    records = np.empty(len(points.positions), POINT)
    for index, axis in enumerate("xyz"):
        records[axis] = points.positions[:, index]
    red, green, blue = points.colours.astype(np.uint32).T
    records["rgb"] = (red << 16 | green << 8 | blue).view(np.float32)
    records["confidence"] = points.confidences
    if not len(records):  # create_cloud cannot take the memory view of an empty array
        cloud = PointCloud2(header=header, height=1, fields=FIELDS, point_step=POINT.itemsize)
        cloud.is_bigendian = sys.byteorder != "little"
    else:
        cloud = point_cloud2.create_cloud(header, FIELDS, records)
    cloud.is_dense = True
    return cloud
