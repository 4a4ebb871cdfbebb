"""Coloured points to sensor_msgs/PointCloud2."""

import sys

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.sensor_messages.packed_cloud import POINT, packed_cloud

FIELDS = [
    PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
    for index, name in enumerate(POINT.names or ())
]


def to_point_cloud(points: ColouredPoints, header: Header) -> PointCloud2:
    """An unordered cloud of x, y, z, confidence and rgb, packed as RViz and PCL read it."""
    records = packed_cloud(points.positions, points.colours, points.confidences)
    count = len(records)
    cloud = PointCloud2(header=header, height=1, width=count, fields=FIELDS, is_dense=True)
    cloud.is_bigendian = sys.byteorder != "little"
    cloud.point_step, cloud.row_step = POINT.itemsize, POINT.itemsize * count
    # The only copy: were the data assigned, it would be copied once more.
    cloud.data.frombytes(records.view(np.uint8))
    return cloud
