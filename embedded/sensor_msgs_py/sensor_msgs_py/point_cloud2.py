"""PointCloud2 messages to and from structured NumPy arrays.

The names, arguments and results are those of the real module that the nodes of this repository
call; see https://docs.ros.org/en/kilted/p/sensor_msgs_py/.
"""

from __future__ import annotations

import array
import sys
from collections.abc import Iterable

import numpy as np
from numpy.lib import recfunctions
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

NUMPY_TYPES = {
    PointField.INT8: np.int8,
    PointField.UINT8: np.uint8,
    PointField.INT16: np.int16,
    PointField.UINT16: np.uint16,
    PointField.INT32: np.int32,
    PointField.UINT32: np.uint32,
    PointField.FLOAT32: np.float32,
    PointField.FLOAT64: np.float64,
}


def dtype_from_fields(fields: Iterable[PointField], point_step: int | None = None) -> np.dtype:
    """Return the structured type of one point.

    A field of count n > 1 becomes n fields with the suffixes _0 to _n-1, and a nameless one is
    called unnamed_field_<its index>. `point_step`: the bytes of a point, padding included.
    """
    names: list[str] = []
    formats: list[np.dtype] = []
    offsets: list[int] = []
    for index, field in enumerate(fields):
        assert field.count > 0, "Can't process fields with count = 0."
        kind = np.dtype(NUMPY_TYPES[field.datatype])
        name = field.name or f"unnamed_field_{index}"
        names += [name] if field.count == 1 else [f"{name}_{i}" for i in range(field.count)]
        formats += [kind] * field.count
        offsets += [field.offset + i * kind.itemsize for i in range(field.count)]
    assert len(set(names)) == len(names), "Duplicate field names are not allowed!"
    layout: dict[str, object] = {"names": names, "formats": formats, "offsets": offsets}
    return np.dtype(layout if point_step is None else {**layout, "itemsize": point_step})


def create_cloud(
    header: Header,
    fields: Iterable[PointField],
    points: Iterable,
    point_step: int | None = None,
) -> PointCloud2:
    """Return a cloud of `points`.

    They are a structured array of exactly the type of `fields`, shaped (N,) or (width, height); a
    plain array (N, fields) where all fields are of one type; or an iterable of one tuple a point.
    """
    fields = list(fields)
    points = _as_structured(points, dtype_from_fields(fields, point_step))
    assert points.ndim <= 2, "Points can only be organized in max. two dimensional space"
    width, height = points.shape[0], points.shape[1] if points.ndim == 2 else 1
    cloud = PointCloud2(
        header=header,
        height=height,
        width=width,
        is_dense=False,
        is_bigendian=sys.byteorder != "little",
        fields=fields,
        point_step=points.dtype.itemsize,
        row_step=points.dtype.itemsize * width,
    )
    # An array.array is taken as it is; of bytes, rclpy checks every single one.
    cloud.data = array.array("B", points.tobytes())
    return cloud


def create_cloud_xyz32(header: Header, points: Iterable) -> PointCloud2:
    """Return a cloud of `points` (N, 3) with the 32-bit fields x, y and z."""
    fields = [
        PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
        for i, name in enumerate("xyz")
    ]
    return create_cloud(header, fields, points)


def read_points(
    cloud: PointCloud2,
    field_names: Iterable[str] | None = None,
    skip_nans: bool = False,
    uvs: Iterable[int] | None = None,
    reshape_organized_cloud: bool = False,
) -> np.ndarray:
    """Return the points as a structured array, (N,) or (width, height) if organized and asked for.

    Only the fields `field_names`, if given; without points that have a NaN, if asked for and the
    cloud is not dense; and only those at the indices `uvs`, if given.
    """
    assert isinstance(cloud, PointCloud2), "Cloud is not a sensor_msgs.msg.PointCloud2"
    points = np.ndarray(
        shape=(cloud.width * cloud.height,),
        dtype=dtype_from_fields(cloud.fields, cloud.point_step),
        buffer=cloud.data,
    )
    if cloud.is_bigendian != (sys.byteorder != "little"):
        points = points.byteswap()
    if field_names is not None:
        names = list(field_names)
        assert set(names) <= set(points.dtype.names), "A requested field is not in the PointCloud!"
        points = points[names]
    if skip_nans and not cloud.is_dense:
        points = points[~np.any([np.isnan(points[name]) for name in points.dtype.names], axis=0)]
    if uvs is not None:
        points = points[uvs if isinstance(uvs, np.ndarray) else np.fromiter(uvs, int)]
    if reshape_organized_cloud and cloud.height > 1:
        points = points.reshape(cloud.width, cloud.height)
    return points


def read_points_numpy(
    cloud: PointCloud2,
    field_names: Iterable[str] | None = None,
    skip_nans: bool = False,
    uvs: Iterable[int] | None = None,
    reshape_organized_cloud: bool = False,
) -> np.ndarray:
    """Return `read_points` as a plain array (..., fields); the fields must be of one type."""
    names = None if field_names is None else list(field_names)
    kinds = {field.datatype for field in cloud.fields if names is None or field.name in names}
    assert len(kinds) == 1, "All fields need to have the same datatype. Use `read_points()`."
    points = read_points(cloud, names, skip_nans, uvs, reshape_organized_cloud)
    return recfunctions.structured_to_unstructured(points)


def _as_structured(points: Iterable, dtype: np.dtype) -> np.ndarray:
    if not isinstance(points, np.ndarray):
        return np.array([tuple(point) for point in points], dtype=dtype)
    if points.dtype.names is None:
        kinds = {dtype[name] for name in dtype.names or ()}
        assert len(kinds) == 1, "Fields of several types need a structured array."
        return recfunctions.unstructured_to_structured(points, dtype=dtype)
    assert points.dtype == dtype, "PointFields and the structured array's dtype do not match!"
    return points
