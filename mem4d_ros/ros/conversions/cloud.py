"""Between coloured points and sensor_msgs/PointCloud2."""

from __future__ import annotations

import sys

from sensor_msgs.msg import PointCloud2, PointField
from sensor_msgs_py.point_cloud2 import read_points
from std_msgs.msg import Header

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.sensor_messages.packed_cloud import POINT, packed_cloud, unpacked_cloud

FIELDS = [
    PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
    for index, name in enumerate(POINT.names or ())
]


def to_point_cloud(points: ColouredPoints, header: Header) -> PointCloud2:
    """An unordered cloud of x, y, z, rgb and confidence, packed as RViz and PCL read it."""
    count = len(points.positions)
    cloud = PointCloud2(
        header=header,
        height=1,
        width=count,
        fields=FIELDS,
        is_bigendian=sys.byteorder == "big",
        point_step=POINT.itemsize,
        row_step=count * POINT.itemsize,
        is_dense=True,  # every value is finite
    )
    # sensor_msgs_py's create_cloud copies the megabytes twice, and so does the constructor.
    cloud.data = packed_cloud(points.positions, points.colours, points.confidences)
    return cloud


def from_point_cloud(cloud: PointCloud2) -> ColouredPoints:
    """The points of a cloud of :func:`to_point_cloud`. Raises ValueError for any other."""
    if [(f.name, f.offset, f.datatype) for f in cloud.fields] != [
        (f.name, f.offset, f.datatype) for f in FIELDS
    ] or cloud.point_step != POINT.itemsize:
        names = ", ".join(field.name for field in cloud.fields)
        raise ValueError(f"the cloud has the fields {names}, not x, y, z, rgb and confidence")
    return ColouredPoints(*unpacked_cloud(read_points(cloud)))
