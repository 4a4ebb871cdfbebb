"""The stand-in for sensor_msgs_py.point_cloud2 against hand-packed bytes."""

from __future__ import annotations

import array
import struct
import time

import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2, PointField
from sensor_msgs_py import point_cloud2
from std_msgs.msg import Header

FLOAT32, UINT8, UINT16 = PointField.FLOAT32, PointField.UINT8, PointField.UINT16


def field(name: str, offset: int, datatype: int, count: int = 1) -> PointField:
    return PointField(name=name, offset=offset, datatype=datatype, count=count)


FIELDS = [field("x", 0, FLOAT32), field("ring", 4, UINT16), field("intensity", 8, FLOAT32)]
POINTS = [(1.0, 2, 3.0), (-4.5, 65535, float("nan")), (7.0, 8, 9.0)]
PADDED = struct.Struct("<fHxxfxxxx")


def padded_cloud() -> PointCloud2:
    return point_cloud2.create_cloud(Header(frame_id="camera"), FIELDS, POINTS, point_step=16)


def test_a_cloud_has_the_bytes_of_its_fields() -> None:
    cloud = padded_cloud()
    read = [PADDED.unpack_from(cloud.data, 16 * i) for i in range(3)]
    np.testing.assert_array_equal(np.array(read), np.array(POINTS))
    assert (cloud.width, cloud.height, cloud.point_step, cloud.row_step) == (3, 1, 16, 48)
    assert (cloud.header.frame_id, cloud.is_bigendian, cloud.is_dense) == ("camera", False, False)
    assert cloud.fields == FIELDS


def test_points_are_read_from_bytes_written_by_hand() -> None:
    cloud = PointCloud2(height=1, width=3, fields=FIELDS, point_step=16, row_step=48)
    cloud.data = array.array("B", b"".join(PADDED.pack(*point) for point in POINTS))
    np.testing.assert_array_equal(np.array(point_cloud2.read_points(cloud).tolist()), POINTS)


def test_a_big_endian_cloud_reads_the_same_and_is_left_as_it_was() -> None:
    cloud = PointCloud2(height=1, width=1, fields=FIELDS, point_step=16, is_bigendian=True)
    cloud.data = array.array("B", struct.pack(">fHxxfxxxx", 1.5, 258, -2.0))
    before = bytes(cloud.data)
    assert point_cloud2.read_points(cloud).tolist() == [(1.5, 258, -2.0)]
    assert bytes(cloud.data) == before


def test_reading_selects_fields_nans_and_indices() -> None:
    cloud = padded_cloud()
    read = point_cloud2.read_points
    assert read(cloud, field_names=["ring"]).tolist() == [(2,), (65535,), (8,)]
    assert read(cloud, skip_nans=True)["ring"].tolist() == [2, 8]
    assert read(cloud, field_names=["ring"], skip_nans=True)["ring"].tolist() == [2, 65535, 8]
    assert read(cloud, uvs=[2, 0])["x"].tolist() == [7.0, 1.0]
    with pytest.raises(AssertionError, match="field"):
        read(cloud, field_names=["z"])


def test_a_dense_cloud_keeps_its_nans() -> None:
    cloud = padded_cloud()
    cloud.is_dense = True
    assert len(point_cloud2.read_points(cloud, skip_nans=True)) == 3


def test_repeated_and_nameless_fields_get_their_own_names() -> None:
    dtype = point_cloud2.dtype_from_fields([field("uv", 0, UINT8, count=2), field("", 2, FLOAT32)])
    assert dtype.names == ("uv_0", "uv_1", "unnamed_field_1")
    assert [dtype.fields[name][1] for name in dtype.names] == [0, 1, 2]
    with pytest.raises(AssertionError, match="Duplicate"):
        point_cloud2.dtype_from_fields([field("x", 0, FLOAT32), field("x", 4, FLOAT32)])


def test_xyz_clouds_go_there_and_back() -> None:
    points = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    cloud = point_cloud2.create_cloud_xyz32(Header(), points)
    assert cloud.point_step == 12
    np.testing.assert_array_equal(point_cloud2.read_points_numpy(cloud), points)
    np.testing.assert_array_equal(point_cloud2.read_points_numpy(cloud, ["z"]), points[:, 2:])


def test_a_plain_array_for_fields_of_several_types_is_refused() -> None:
    with pytest.raises(AssertionError, match="structured"):
        point_cloud2.create_cloud(Header(), FIELDS, np.zeros((2, 3), np.float32))
    with pytest.raises(AssertionError, match="same datatype"):
        point_cloud2.read_points_numpy(padded_cloud())


def test_an_array_of_another_layout_is_refused() -> None:
    points = np.zeros(2, dtype=[("x", "f4"), ("ring", "u2"), ("intensity", "f4")])
    with pytest.raises(AssertionError, match="match"):
        point_cloud2.create_cloud(Header(), FIELDS, points)


def test_an_organized_cloud_is_indexed_by_column_and_row() -> None:
    points = np.zeros((4, 3), point_cloud2.dtype_from_fields(FIELDS))
    points["ring"] = np.arange(12).reshape(4, 3)
    cloud = point_cloud2.create_cloud(Header(), FIELDS, points)
    assert (cloud.width, cloud.height) == (4, 3)
    read = point_cloud2.read_points(cloud, reshape_organized_cloud=True)
    np.testing.assert_array_equal(read["ring"], points["ring"])


def test_a_large_cloud_is_made_at_once() -> None:
    points = np.zeros((640 * 480, 3), np.float32)
    start = time.process_time()
    point_cloud2.create_cloud_xyz32(Header(), points)
    assert time.process_time() - start < 1.0
