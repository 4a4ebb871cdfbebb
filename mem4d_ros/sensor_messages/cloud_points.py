"""Positions of the points of a sensor_msgs/PointCloud2, read by its fields, without ROS."""

from __future__ import annotations

from typing import Any

import numpy as np

MAX_POINTS = 1_000_000
"""That are taken, spread over all there are: stereo cameras send two million."""
FLOATS = {7: "f4", 8: "f8"}
"""PointField.FLOAT32 and FLOAT64."""


class UnusableCloud(ValueError):  # noqa: N818
    """A cloud that cannot be read; the message says why, and is the same for the same cause."""


def cloud_positions(message: Any) -> np.ndarray:
    """The finite points (N, 3) float64 of a cloud, in its frame. Raises UnusableCloud."""
    count = message.width * message.height
    if count == 0:
        raise UnusableCloud("it has no points")
    kind = _kind_of(message)
    row = max(message.row_step, message.width * message.point_step)
    if len(message.data) < row * message.height:
        raise UnusableCloud("its data is shorter than its width, height and steps say")
    shape, strides = (message.height, message.width), (row, message.point_step)
    records = np.ndarray(shape, kind, memoryview(message.data), strides=strides).reshape(-1)
    records = records[:: -(-count // MAX_POINTS)]
    points = np.stack([records[axis].astype(np.float64) for axis in "xyz"], axis=-1)
    finite = points[np.isfinite(points).all(axis=-1)]
    if not len(finite):
        raise UnusableCloud("all of its points are NaN or infinite")
    return finite


def _kind_of(message: Any) -> np.dtype[np.void]:
    """The type of one point, as far as its position goes."""
    fields = {field.name: field for field in message.fields}
    missing = [axis for axis in "xyz" if axis not in fields]
    if missing:
        raise UnusableCloud(f"it has no field {missing[0]!r}")
    order = ">" if message.is_bigendian else "<"
    formats, offsets = [], []
    for axis in "xyz":
        field = fields[axis]
        if field.datatype not in FLOATS:
            raise UnusableCloud(f"its field {axis!r} is not of type FLOAT32 or FLOAT64")
        formats.append(order + FLOATS[field.datatype])
        offsets.append(field.offset)
        if field.offset + np.dtype(formats[-1]).itemsize > message.point_step:
            raise UnusableCloud(f"its field {axis!r} lies beyond its point_step")
    return np.dtype(
        {
            "names": list("xyz"),
            "formats": formats,
            "offsets": offsets,
            "itemsize": message.point_step,
        }
    )
