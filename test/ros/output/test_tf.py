"""Where the map, the robot and the camera are, and who may say so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from robot_odometry import BASE_FROM_CAMERA, BASE_TO_CAMERA
from ros_probe import Ros, Session, Start, make_image
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from tf2_ros import StaticTransformBroadcaster
from wall_model import WallModel

from mem4d_ros.geometry import rigid_inverse, transform_points
from mem4d_ros.ros.conversions.pose import matrix_to_transform, transform_to_matrix
from mem4d_ros.ros.interface.settings import FrameSettings, TfSettings
from mem4d_ros.ros.output.tf import MapToOdom, MapToTracked
from mem4d_ros.ros.output.tf_sender import TfSender
from mem4d_ros.ros.robot.placers import Placement
from mem4d_ros.sensor_messages.stamps import stamp_to_ns


@pytest.fixture
def mount() -> Callable[[Ros, str], None]:
    """Publish where the camera is, as robot_state_publisher does."""
    broadcasters = []

    def mount(ros: Ros, parent: str) -> None:
        transform = TransformStamped(child_frame_id="camera_optical")
        transform.header.frame_id = parent
        transform.transform = matrix_to_transform(BASE_FROM_CAMERA)
        broadcasters.append(StaticTransformBroadcaster(ros.probe))
        broadcasters[-1].sendTransform(transform)

    return mount


def test_camera_mode_publishes_the_camera_in_the_map(
    session: Session,
) -> None:
    _, received = session(frames=4)
    (first, *_, last) = (
        transform_to_matrix(message.transforms[0].transform) for message in received["/tf"]
    )
    in_own_axes = rigid_inverse(first) @ last
    np.testing.assert_allclose(in_own_axes, WallModel().poses(3), atol=1e-6)


def test_base_mode_places_the_base_through_the_given_extrinsics(
    session: Session,
) -> None:
    ros, received = session(frames=3, tf={"mode": "base", "base_to_camera": BASE_TO_CAMERA})
    first = received["/tf"][0].transforms[0]
    assert (first.header.frame_id, first.child_frame_id) == ("map", "base_link")
    np.testing.assert_allclose(transform_to_matrix(first.transform), np.eye(4), atol=1e-9)
    np.testing.assert_allclose(ros.xyz(received["~/points"][0])[:, 0], 2.3, atol=1e-5)
    for message, in_map, in_camera in zip(
        received["/tf"], received["~/points"], received["~/points_camera"], strict=True
    ):
        map_from_base = transform_to_matrix(message.transforms[0].transform)
        moved = transform_points(map_from_base @ BASE_FROM_CAMERA, ros.xyz(in_camera))
        np.testing.assert_allclose(moved, ros.xyz(in_map), atol=1e-5)
    assert received["~/odometry"][0].child_frame_id == "base_link"


def test_base_mode_publishes_nothing_in_the_map_until_tf_knows_the_extrinsics(
    start: Start, mount: Callable[[Ros, str], None]
) -> None:
    ros = start(tf={"mode": "base"})
    points = ros.listen(PointCloud2, "/mem4d/points")
    in_camera = ros.listen(PointCloud2, "/mem4d/points_camera")
    transforms = ros.listen(TFMessage, "/tf")
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1.0))
    ros.wait_for(lambda: in_camera)
    assert "'camera_optical' to 'base_link'" in ros.status().last_error
    assert not points
    assert not transforms

    mount(ros, "base_link")
    for stamp in range(2, 100):
        ros.play(images, make_image(stamp))
        if points and transforms:
            break
    assert transforms[0].transforms[0].child_frame_id == "base_link"
    assert points[0].header.frame_id == "map"


def test_base_mode_with_extrinsics_from_tf_agrees_with_given_ones(
    start: Start, mount: Callable[[Ros, str], None]
) -> None:
    ros = start(tf={"mode": "base"})
    mount(ros, "base_link")
    points = ros.listen(PointCloud2, "/mem4d/points")
    images = ros.talker(Image, "/image")
    for stamp in range(1, 100):
        ros.play(images, make_image(stamp))
        if points:
            break
    np.testing.assert_allclose(ros.xyz(points[0])[:, 0], 2.3, atol=1e-5)


def test_no_frame_gets_two_parents(start: Start, mount: Callable[[Ros, str], None]) -> None:
    ros = start()
    transforms = ros.listen(TFMessage, "/tf")
    mount(ros, "camera_link")
    images = ros.talker(Image, "/image")
    for stamp in range(1, 100):  # until the node has heard of the other parent
        ros.play(images, make_image(stamp))
        if ros.status().last_error:
            break
    assert "'camera_optical' under 'camera_link'" in ros.status().last_error
    published = len(transforms)
    ros.play(images, make_image(stamp + 1), make_image(stamp + 2))
    assert len(transforms) == published
    assert ros.status().frames_rejected == 0


def test_mode_off_publishes_poses_but_no_tf(
    session: Session,
) -> None:
    ros, received = session(frames=1, tf={"mode": "off"})
    assert len(received["~/odometry"]) == 1
    assert not received["/tf"]
    assert not ros.probe.get_publishers_info_by_topic("/tf")


def test_the_initial_pose_places_the_camera(
    session: Session,
) -> None:
    ros, received = session(frames=1, tf={"initial_pose": "10 20 1.5 0 0 1.5707963267948966"})
    points = ros.xyz(received["~/points"][0])
    np.testing.assert_allclose(points[:, 1], 22, atol=1e-5)  # it looks along the map's y
    np.testing.assert_allclose(points[:, 0].mean(), 10, atol=1e-5)
    np.testing.assert_allclose(points[:, 2].mean(), 1.5, atol=1e-5)


def test_frames_have_the_names_that_the_user_gave(
    session: Session,
) -> None:
    _, received = session(
        frames=1,
        frames_={"map": "world", "base": "robot"},
        tf={"mode": "base", "base_to_camera": BASE_TO_CAMERA},
    )
    transform = received["/tf"][0].transforms[0]
    assert (transform.header.frame_id, transform.child_frame_id) == ("world", "robot")


class Sent(TfSender):
    """Keeps the x and the stamps of what is sent."""

    def __init__(self) -> None:
        self.x: list[float] = []
        self.stamps_ns: list[int] = []

    def send(self, child: str, map_from_child: np.ndarray, header: Header) -> None:
        self.stamps_ns.append(stamp_to_ns(header.stamp))
        self.x.append(float(map_from_child[0, 3]))


@pytest.mark.parametrize(
    ("correction_s", "expected"), [(0.0, [3, 5, 5, 5]), (2.0, [3, 3, 4, 5])], ids=["step", "smooth"]
)
def test_a_closed_loop_moves_the_camera_at_once_or_bit_by_bit(
    correction_s: float, expected: list[float]
) -> None:
    """The camera stands at x = 3, which turns out to be 5; one frame a second."""
    sent = Sent()
    output = MapToTracked(sent)
    back = np.eye(4)
    back[0, 3] = -2.0
    for second, x in enumerate((3.0, 5.0, 5.0, 5.0)):
        pose = np.eye(4)
        pose[0, 3] = x
        if second == 1:
            output.jump(back)
        output.publish(
            Placement(np.eye(4), pose, "camera", pose),
            Header(stamp=Time(sec=second)),
            TfSettings(correction_s=correction_s),
        )
    np.testing.assert_allclose(sent.x, expected)


class Standing:
    """An odometry of a base that does not move."""

    def __call__(self, stamp_ns: int) -> np.ndarray:
        return np.eye(4)

    def about(self, stamp_ns: int) -> np.ndarray:
        return self(stamp_ns)

    def follow(self, hear: Callable[[int], None]) -> None:
        self.hear = hear


def base_at(x: float) -> Placement:
    """The base so far ahead in the map."""
    pose = np.eye(4)
    pose[0, 3] = x
    return Placement(np.eye(4), pose, "base_link", pose)


def test_what_an_image_corrects_is_sent_at_once() -> None:
    """Though the odometry is ahead of the image, and was followed, post-dated, already."""
    sent, odometry = Sent(), Standing()
    settings = TfSettings(transform_tolerance_s=1.0)
    output = MapToOdom(sent, FrameSettings(), odometry, settings)
    for x, image_s, odometry_s in ((1.0, 10, 11), (2.0, 12, 13)):
        odometry.hear(odometry_s * 10**9)
        output.publish(base_at(x), Header(stamp=Time(sec=image_s)), settings)
    assert sent.x == [1, 1, 1, 2]  # from the image on; ahead; with the odometry; the correction
    assert sent.stamps_ns == sorted(set(sent.stamps_ns))
    assert sent.stamps_ns[0] == 10 * 10**9
    assert 12 * 10**9 <= sent.stamps_ns[1] < sent.stamps_ns[3] <= 14 * 10**9 + 1


def test_a_transform_of_another_clock_does_not_carry_it_away() -> None:
    """As of a frame that some node without use_sim_time gives the odometry's frame."""
    sent, odometry = Sent(), Standing()
    settings = TfSettings(transform_tolerance_s=0.1)
    output = MapToOdom(sent, FrameSettings(), odometry, settings)
    for second in (10, 11, 12):
        odometry.hear(second * 10**9)
        if second == 11:
            odometry.hear(1_700_000_000 * 10**9)
        output.publish(base_at(1.0), Header(stamp=Time(sec=second)), settings)
    assert max(sent.stamps_ns) <= 12_100_000_001


class Driving(Standing):
    """An odometry of a base that goes ahead at 1 m/s."""

    def __call__(self, stamp_ns: int) -> np.ndarray:
        pose = np.eye(4)
        pose[0, 3] = stamp_ns * 1e-9
        return pose


def test_the_odometry_goes_on_alone_while_no_image_says_where_the_robot_is() -> None:
    """A camera that sees nothing is taken to stand, and would hold the robot back in the map."""
    sent, odometry = Sent(), Driving()
    settings = TfSettings(transform_tolerance_s=1.0)
    output = MapToOdom(sent, FrameSettings(), odometry, settings)
    for second, x, measured in ((10, 13.0, True), (20, 13.0, False), (30, 32.0, True)):
        sent.x.clear()
        output.publish(base_at(x), Header(stamp=Time(sec=second)), settings, measured)
        assert sent.x[-1] == pytest.approx(2.0 if second == 30 else 3.0)


def test_the_map_moves_under_the_odometry_also_where_no_image_says_where_to() -> None:
    """A loop is found while the camera sees nothing: all else in the map has moved."""
    sent, odometry = Sent(), Driving()
    settings = TfSettings(transform_tolerance_s=1.0)
    output = MapToOdom(sent, FrameSettings(), odometry, settings)
    back = np.eye(4)
    back[0, 3] = -0.5  # the base is half a metre ahead of where it was
    for second, x, measured in ((10, 13.0, True), (20, 23.5, False)):
        if not measured:
            output.jump(back)
        output.publish(base_at(x), Header(stamp=Time(sec=second)), settings, measured)
    assert sent.x[-1] == pytest.approx(3.5)
