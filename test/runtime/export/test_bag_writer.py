"""The bag, read back with another reader of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_records import make_record, moving_pixels
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import transform_points
from mem4d_ros.runtime.export import RecordFolder

pytest.importorskip("rosbags")

from rosbags.highlevel import AnyReader

from mem4d_ros.runtime.export.bag_writer import TOPICS, write_bag

FRAMES = 3


Messages = dict[str, list[tuple[int, Any]]]


@pytest.fixture
def messages(tmp_path: Path) -> Messages:
    """Stamp of recording and message, by topic, of a bag of three frames."""
    records = RecordFolder(tmp_path / "records")
    for index in range(FRAMES):
        records.append(make_record(index))
        records.add_moving(index, moving_pixels(index))
    advanced: list[None] = []
    write_bag(tmp_path / "bag", records, make_record(9).points(), lambda: advanced.append(None))
    assert len(advanced) == FRAMES
    found: Messages = {}
    with AnyReader([tmp_path / "bag"]) as reader:
        for connection, stamp_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic, []).append((stamp_ns, message))
    return found


def ns(header: Any) -> int:
    return header.stamp.sec * 10**9 + header.stamp.nanosec


def in_map(points: np.ndarray) -> np.ndarray:
    """From x right, y down, z forward to x forward, y left, z up."""
    return np.stack([points[..., 2], -points[..., 0], -points[..., 1]], -1)


def positions(cloud: Any) -> np.ndarray:
    names = [field.name for field in cloud.fields]
    return cloud.data.view("<f4").reshape(-1, len(names))[:, [names.index(a) for a in "xyz"]]


def test_every_frame_has_its_messages_with_its_stamp(messages: Messages) -> None:
    assert set(messages) == {topic.absolute_name for topic in TOPICS}
    stamps = [make_record(index).stamp_ns for index in range(FRAMES)]
    for topic, found in messages.items():
        once = topic in ("/mem4d/path", "/mem4d/static_map")
        assert [stamp for stamp, _ in found] == (stamps[:1] if once else stamps)
        for stamp, message in found:
            header = message.transforms[0].header if topic == "/tf" else message.header
            assert ns(header) == stamp


def test_clouds_are_in_the_map_with_their_colours(messages: Messages) -> None:
    for index, (_, cloud) in enumerate(messages["/mem4d/points"]):
        expected = make_record(index).points()
        assert cloud.header.frame_id == "map"
        assert cloud.width * cloud.point_step == cloud.row_step == len(cloud.data)
        np.testing.assert_allclose(positions(cloud), in_map(expected.positions), atol=1e-6)
        columns = cloud.data.view("<u4").reshape(cloud.width, -1)
        blue, green, red = (columns[:, 3] >> shift & 255 for shift in (0, 8, 16))
        np.testing.assert_array_equal(np.stack([red, green, blue], -1), expected.colours)
        np.testing.assert_array_equal(columns[:, 4].view("<f4"), expected.confidences)
    ((_, static),) = messages["/mem4d/static_map"]
    np.testing.assert_allclose(
        positions(static), in_map(make_record(9).points().positions), atol=1e-6
    )


def test_moving_points_are_those_of_moving_pixels(messages: Messages) -> None:
    for index, (_, cloud) in enumerate(messages["/mem4d/dynamic_points"]):
        one = make_record(index)
        expected = one.points_world[moving_pixels(index) & (one.confidence > 0)]
        assert 0 < len(expected) < len(one.points().positions)
        np.testing.assert_allclose(positions(cloud), in_map(expected), atol=1e-6)


def test_transform_odometry_and_path_are_the_same_pose(messages: Messages) -> None:
    ((_, path),) = messages["/mem4d/path"]
    for index in range(FRAMES):
        transform = messages["/tf"][index][1].transforms[0]
        odometry = messages["/mem4d/odometry"][index][1]
        assert (transform.header.frame_id, odometry.header.frame_id) == ("map", "map")
        assert transform.child_frame_id == odometry.child_frame_id
        pose = make_record(index).camera_to_world
        point = np.array([0.3, -0.2, 1.5])
        expected = in_map(transform_points(pose, point))
        for translation, rotation in (
            (transform.transform.translation, transform.transform.rotation),
            (odometry.pose.pose.position, odometry.pose.pose.orientation),
            (path.poses[index].pose.position, path.poses[index].pose.orientation),
        ):
            turn = Rotation.from_quat([rotation.x, rotation.y, rotation.z, rotation.w])
            moved = turn.apply(point) + [translation.x, translation.y, translation.z]
            np.testing.assert_allclose(moved, expected, atol=1e-8)
        assert ns(path.poses[index].header) == make_record(index).stamp_ns


def test_images_share_size_and_intrinsics(messages: Messages) -> None:
    for index in range(FRAMES):
        expected = make_record(index)
        image, depth, info = (
            messages[f"/mem4d/{name}"][index][1]
            for name in ("image", "depth/image", "depth/camera_info")
        )
        assert (image.encoding, depth.encoding) == ("rgb8", "32FC1")
        np.testing.assert_array_equal(image.data.reshape(6, 8, 3), expected.image)
        np.testing.assert_array_equal(depth.data.view("<f4").reshape(6, 8), expected.depth)
        assert (info.height, info.width) == (depth.height, depth.width) == (6, 8)
        assert (image.step, depth.step) == (24, 32)
        np.testing.assert_array_equal(info.k.reshape(3, 3), expected.intrinsics)
        np.testing.assert_array_equal(info.p.reshape(3, 4)[:, :3], expected.intrinsics)
        assert image.header.frame_id == depth.header.frame_id == info.header.frame_id
        assert image.header.frame_id == messages["/tf"][index][1].transforms[0].child_frame_id


def test_an_older_bag_is_replaced(tmp_path: Path) -> None:
    records = RecordFolder(tmp_path / "records")
    for index in range(2):
        records.append(make_record(index))
        records.add_moving(index, moving_pixels(index))
        write_bag(tmp_path / "bag", records, make_record(0).points(), lambda: None)
    with AnyReader([tmp_path / "bag"]) as reader:
        assert reader.message_count == 2 * (len(TOPICS) - 2) + 2
