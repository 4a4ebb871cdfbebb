"""Clouds, depth images and poses hold what the arrays held."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import PointField
from sensor_msgs_py import point_cloud2
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.conversions.depth import to_depth_image
from mem4d_ros.ros.conversions.pose import matrix_to_pose, matrix_to_transform, transform_to_matrix
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

HEADER = Header(frame_id="map")


def points(count: int) -> ColouredPoints:
    rng = np.random.default_rng(0)
    return ColouredPoints(
        rng.normal(size=(count, 3)).astype(np.float32),
        rng.integers(0, 256, (count, 3), np.uint8),
        rng.uniform(1, 9, count).astype(np.float32),
    )


def test_a_cloud_holds_its_points() -> None:
    given = points(1000)
    cloud = to_point_cloud(given, HEADER)
    assert cloud.header == HEADER
    assert (cloud.height, cloud.width, cloud.is_dense) == (1, 1000, True)
    assert (cloud.point_step, cloud.row_step, len(cloud.data)) == (20, 20000, 20000)
    assert [field.name for field in cloud.fields] == ["x", "y", "z", "rgb", "confidence"]
    assert {field.datatype for field in cloud.fields} == {PointField.FLOAT32}
    records = point_cloud2.read_points(cloud)
    for i, axis in enumerate("xyz"):
        np.testing.assert_array_equal(records[axis], given.positions[:, i])
    np.testing.assert_array_equal(records["confidence"], given.confidences)


def test_rgb_lies_as_blue_green_red_bytes() -> None:
    """PCL and RViz read 0x00RRGGBB, little-endian."""
    given = points(10)
    data = np.frombuffer(to_point_cloud(given, HEADER).data, np.uint8).reshape(10, 20)
    np.testing.assert_array_equal(data[:, 12:15], given.colours[:, ::-1])
    assert not data[:, 15].any()


def test_an_empty_cloud_is_a_cloud() -> None:
    cloud = to_point_cloud(points(0), HEADER)
    assert (cloud.height, cloud.width, len(cloud.data)) == (1, 0, 0)
    assert [field.name for field in cloud.fields] == ["x", "y", "z", "rgb", "confidence"]
    assert len(point_cloud2.read_points(cloud)) == 0


def test_a_depth_image_holds_metres_and_nan() -> None:
    depth = np.random.default_rng(0).uniform(0.5, 9, (48, 64)).astype(np.float32)
    depth[3, 4] = np.nan
    image = to_depth_image(depth, HEADER)
    assert (image.encoding, image.height, image.width, image.step) == ("32FC1", 48, 64, 256)
    read = np.frombuffer(image.data, np.float32).reshape(48, 64)
    np.testing.assert_array_equal(read, depth)


@pytest.mark.parametrize("seed", range(5))
def test_poses_agree_with_scipy(seed: int) -> None:
    rotation = Rotation.random(random_state=seed)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation.as_matrix(), [1, -2, 3]
    pose, transform = matrix_to_pose(matrix), matrix_to_transform(matrix)
    for position, q in (
        (pose.position, pose.orientation),
        (transform.translation, transform.rotation),
    ):
        assert (position.x, position.y, position.z) == (1, -2, 3)
        np.testing.assert_allclose(
            Rotation.from_quat([q.x, q.y, q.z, q.w]).as_matrix(), matrix[:3, :3], atol=1e-12
        )
    np.testing.assert_allclose(transform_to_matrix(transform), matrix, atol=1e-12)


@pytest.mark.parametrize(
    "nanoseconds", [0, 1, 999_999_999, 1_000_000_000, 1_795_363_154_453_839_450]
)
def test_stamps_keep_every_nanosecond(nanoseconds: int) -> None:
    assert stamp_to_ns(ns_to_stamp(nanoseconds)) == nanoseconds
