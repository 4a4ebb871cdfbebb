"""What the node says of a known scene: a wall 2 m ahead of where the camera starts."""

from __future__ import annotations

import numpy as np
import pytest
from ros_probe import Session, Start, make_image
from sensor_msgs.msg import CameraInfo, Image
from sensor_msgs_py import point_cloud2
from tf2_msgs.msg import TFMessage
from wall_model import WallModel

from mem4d_ros.geometry import transform_points, unproject
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.ros.conversions.pose import transform_to_matrix


def test_a_wall_two_metres_ahead_of_a_level_camera_is_at_x_2_in_the_map(
    session: Session,
) -> None:
    ros, received = session(frames=1)
    points = ros.xyz(received["~/points"][0])
    assert len(points) == 64 * 48
    np.testing.assert_allclose(points[:, 0], 2, atol=1e-6)
    image = points.reshape(48, 64, 3)
    assert image[0, 0, 1] > 1.3  # the top left of the image is to the left (y) ...
    assert image[0, 0, 2] > 0.9  # ... and up (z)
    assert image[-1, -1, 1] < -1.3
    assert image[-1, -1, 2] < -0.9


def test_the_wall_stays_where_it_is_while_the_camera_moves(
    session: Session,
) -> None:
    ros, received = session(frames=5)
    for cloud in received["~/points"]:
        np.testing.assert_allclose(ros.xyz(cloud)[:, 0], 2, atol=1e-5)


def test_points_carry_the_colours_and_confidences_of_their_pixels(
    session: Session,
) -> None:
    _, received = session(frames=1)
    for name in ("~/points", "~/points_camera"):
        records = point_cloud2.read_points(received[name][0])
        packed = np.ascontiguousarray(records["rgb"]).view(np.uint32)
        colours = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], -1)
        expected = np.frombuffer(make_image().data, np.uint8).reshape(-1, 3)
        np.testing.assert_array_equal(colours, expected)
        np.testing.assert_array_equal(records["confidence"], 3)


def test_every_output_has_the_images_stamp_and_its_own_frame(
    session: Session,
) -> None:
    _, received = session(frames=3)
    del received["/tf"]
    for name, messages in received.items():
        in_map = name in ("~/points", "~/dynamic_points", "~/odometry", "~/path")
        frames = {message.header.frame_id for message in messages}
        assert frames == {"map" if in_map else "camera_optical"}, name
        stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in messages]
        np.testing.assert_allclose(stamps, [10, 10.1, 10.2], atol=1e-9)


def test_points_camera_moved_by_tf_are_points(
    session: Session,
) -> None:
    ros, received = session(frames=4)
    for message, in_map, in_camera in zip(
        received["/tf"], received["~/points"], received["~/points_camera"], strict=True
    ):
        (transform,) = message.transforms
        assert transform.header.frame_id == "map"
        assert transform.child_frame_id == in_camera.header.frame_id
        assert transform.header.stamp == in_camera.header.stamp
        moved = transform_points(transform_to_matrix(transform.transform), ros.xyz(in_camera))
        np.testing.assert_allclose(moved, ros.xyz(in_map), atol=1e-5)


def test_depth_unprojected_with_its_camera_info_is_points_camera(
    session: Session,
) -> None:
    ros, received = session(frames=2)
    for depth, info, cloud in zip(
        received["~/depth/image"],
        received["~/depth/camera_info"],
        received["~/points_camera"],
        strict=True,
    ):
        assert (depth.width, depth.height) == (info.width, info.height) == (64, 48)
        unprojected = unproject(ros.depth(depth), np.array(info.k).reshape(3, 3))
        np.testing.assert_allclose(unprojected.reshape(-1, 3), ros.xyz(cloud), atol=1e-5)


def test_odometry_and_path_say_what_tf_says(
    session: Session,
) -> None:
    _, received = session(frames=4)
    for odometry, message in zip(received["~/odometry"], received["/tf"], strict=True):
        transform = message.transforms[0]
        assert odometry.child_frame_id == transform.child_frame_id
        pose, translation = odometry.pose.pose, transform.transform.translation
        assert [getattr(pose.position, axis) for axis in "xyz"] == [
            getattr(translation, axis) for axis in "xyz"
        ]
        assert pose.orientation == transform.transform.rotation
    newest = received["~/path"][-1]
    assert [pose.pose for pose in newest.poses] == [
        odometry.pose.pose for odometry in received["~/odometry"]
    ]


def test_odometry_has_the_twist_in_the_tracked_frame(
    session: Session,
) -> None:
    def forward(frame: int) -> np.ndarray:
        """0.1 m per frame along the optical axis, looking 30 degrees to the right."""
        pose = np.eye(4)
        pose[:3, :3] = [[np.cos(0.5), 0, np.sin(0.5)], [0, 1, 0], [-np.sin(0.5), 0, np.cos(0.5)]]
        pose[:3, 3] = 0.1 * frame * pose[:3, 2]
        return pose

    _, received = session(frames=3, model=WallModel(forward))
    for odometry in received["~/odometry"][1:]:
        linear = odometry.twist.twist.linear
        np.testing.assert_allclose([linear.x, linear.y, linear.z], [0, 0, 1], atol=1e-6)
    first = received["~/odometry"][0].twist.twist
    assert (first.linear.x, first.linear.y, first.linear.z) == (0, 0, 0)


def test_the_path_keeps_the_newest_poses(
    session: Session,
) -> None:
    _, received = session(frames=5, path={"max_length": 3})
    assert [len(path.poses) for path in received["~/path"]] == [1, 2, 3, 3, 3]
    newest = received["~/path"][-1]
    assert [pose.header.stamp.nanosec for pose in newest.poses] == [200000000, 300000000, 400000000]


def test_depth_at_the_input_images_resolution(start: Start) -> None:
    ros = start(depth={"resolution": "input"})
    depths = ros.listen(Image, "/mem4d/depth/image")
    infos = ros.listen(CameraInfo, "/mem4d/depth/camera_info")
    ros.play(ros.talker(Image, "/image"), make_image(width=160, height=120))
    depth, info = ros.wait_for(lambda: depths and infos and (depths[0], infos[0]))
    assert (depth.width, depth.height) == (info.width, info.height) == (160, 120)
    np.testing.assert_allclose(ros.depth(depth), 2, atol=1e-6)
    np.testing.assert_allclose(info.k[0], 80 / np.tan(0.6))
    np.testing.assert_allclose([info.k[2], info.k[5]], [79.5, 59.5])


def test_points_filter(session: Session) -> None:
    ros, received = session(frames=1, points={"stride": 4, "max_range": 2.2})
    ranges = np.linalg.norm(ros.xyz(received["~/points_camera"][0]), axis=-1)
    assert 0 < len(ranges) < 16 * 12
    assert ranges.max() <= 2.2


def test_the_cameras_own_intrinsics_are_used(start: Start) -> None:
    ros = start()
    infos = ros.listen(CameraInfo, "/mem4d/depth/camera_info")
    images = ros.talker(Image, "/image")
    calibrations = ros.talker(CameraInfo, "/camera_info")
    k = [100.0, 0, 63.5, 0, 101.0, 47.5, 0, 0, 1]
    calibrations.publish(CameraInfo(width=128, height=96, k=k, d=[0.1, 0, 0, 0, 0]))
    for stamp in range(1, 100):  # the CameraInfo may come after the first images
        ros.play(images, make_image(stamp, width=128, height=96))
        info = ros.wait_for(lambda stamp=stamp: len(infos) == stamp and infos[-1])
        if ros.status().camera_info_used:
            break
    np.testing.assert_allclose(info.k, [50, 0, 31.5, 0, 50.5, 23.5, 0, 0, 1])
    assert not any(info.d)  # of which no point knows
    np.testing.assert_allclose(np.reshape(info.p, (3, 4))[:, :3].flatten(), info.k)


def test_nothing_is_converted_that_nobody_hears(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    ros = start(static_map={"enabled": False})  # which is latched, for those who come late
    transforms = ros.listen(TFMessage, "/tf")

    def refuse(*arguments: object) -> None:
        raise AssertionError("converted for nobody")

    for name in ("to_point_cloud", "to_depth_image", "to_camera_info"):
        monkeypatch.setattr(f"mem4d_ros.ros.output.outputs.{name}", refuse)
    ros.play(ros.talker(Image, "/image"), make_image())
    ros.wait_for(lambda: transforms)
    assert ros.status().frames_processed == 1


@pytest.mark.parametrize("part", ["points_camera", "confidence_camera"])
def test_nan_from_the_network_is_never_published(session: Session, part: str) -> None:
    def spoil(output: FrameOutput) -> None:
        getattr(output, part)[:, :, ::2] = float("nan")

    ros, received = session(frames=1, model=WallModel(edit=spoil))
    cloud = received["~/points_camera"][0]
    assert cloud.width == 64 * 48 / 2
    assert np.isfinite(ros.xyz(cloud)).all()
    depth = ros.depth(received["~/depth/image"][0])
    assert np.isnan(depth[:, ::2]).all()
    assert np.isfinite(depth[:, 1::2]).all()
