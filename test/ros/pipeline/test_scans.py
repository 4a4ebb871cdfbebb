"""evidence/points: another sensor's points, placed by TF, are told and set the scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TransformStamped
from node_process import INTRODUCTION, NodeProcess
from ros_probe import Ros, Start, connected, make_image
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from sensor_msgs_py.point_cloud2 import create_cloud_xyz32
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from tf2_ros import StaticTransformBroadcaster, TransformBroadcaster
from wall_model import FIELD_OF_VIEW, WALL_M, WallModel

from mem4d_ros.geometry import (
    fov_to_intrinsics,
    rigid_inverse,
    transform_points,
    unproject,
)
from mem4d_ros.ros.conversions.image import image_to_rgb
from mem4d_ros.ros.conversions.pose import matrix_to_transform
from mem4d_ros.ros.conversions.stamps import ns_to_stamp

TRUE_SCALE = 2.5
CAMERA, LIDAR = "camera_optical", "lidar"
LISTENING = {"enabled": True}
INTRINSICS = fov_to_intrinsics(FIELD_OF_VIEW, 48, 64)


def mounted() -> np.ndarray:
    """Where the lidar is in the camera's frame (4, 4): above it, x ahead, z up, a little turned."""
    pose = np.eye(4)
    level = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
    pose[:3, :3] = level @ Rotation.from_euler("Z", 0.3).as_matrix()
    pose[:3, 3] = 0.1, -0.2, -0.05
    return pose


def stamped(parent: str, child: str, pose: np.ndarray, stamp_s: float = 0.0) -> TransformStamped:
    message = TransformStamped(child_frame_id=child, transform=matrix_to_transform(pose))
    message.header.frame_id = parent
    message.header.stamp = ns_to_stamp(round(stamp_s * 1e9))
    return message


def scan_of(points_camera: np.ndarray, stamp_s: float, frame_id: str = LIDAR) -> PointCloud2:
    """What the lidar sends of points (N, 3) in the camera's frame."""
    header = Header(stamp=ns_to_stamp(round(stamp_s * 1e9)), frame_id=frame_id)
    return create_cloud_xyz32(header, transform_points(rigid_inverse(mounted()), points_camera))


def info_of(intrinsics: np.ndarray, height: int, width: int) -> CameraInfo:
    info = CameraInfo(height=height, width=width, k=intrinsics.flatten().tolist())
    info.header.frame_id = CAMERA
    return info


def wall(scale: float = TRUE_SCALE) -> np.ndarray:
    """The wall that the network sees at 2 m, where it is: points (N, 3) before the camera."""
    points = unproject(np.full((48, 64), WALL_M), INTRINSICS)[::4, ::4]
    return scale * points.reshape(-1, 3)


@dataclass
class Rig:
    """A node, and what talks to it."""

    ros: Ros
    images: Any
    infos: Any
    scans: Any
    diagnostics: list[DiagnosticArray]

    def hear(self, scan: PointCloud2) -> None:
        """Let the node hear a scan."""
        self.scans.publish(scan)
        scans = self.ros.node._engine.pipeline._scans  # not told before an image
        self.ros.wait_for(
            lambda: scan.header in [heard.header for heard in scans._received], "the scan"
        )

    def see(self, stamp_s: float, scan: PointCloud2 | None) -> None:
        """Let the node hear a scan, and then an image."""
        if scan is not None:
            self.hear(scan)
        self.ros.play(self.images, make_image(stamp_s))

    def told(self, key: str) -> str:
        """A fact of the newest diagnostics."""
        values = {v.key: v.value for s in self.diagnostics[-1].status for v in s.values}
        return values[key]


@pytest.fixture
def rig(start: Start) -> Callable[..., Rig]:
    """A node that stands before the wall, its camera known, with a lidar in TF."""

    def rig(with_info: bool = True, in_tf: bool = True, **groups: Any) -> Rig:
        ros = start(WallModel(lambda frame: np.eye(4)), **{"evidence": LISTENING} | groups)
        images, infos = ros.talker(Image, "/image"), ros.talker(CameraInfo, "/camera_info")
        scans = ros.talker(PointCloud2, "/evidence/points")
        diagnostics = ros.listen(DiagnosticArray, "/diagnostics")
        if with_info:
            infos.publish(info_of(INTRINSICS, 48, 64))
            ros.wait_for(lambda: ros.node._inputs._camera_info is not None, "CameraInfo")
        if in_tf:
            StaticTransformBroadcaster(ros.probe).sendTransform(stamped(CAMERA, LIDAR, mounted()))
            place = ros.node._engine.pipeline._scans._place

            def is_placed() -> bool:
                try:
                    place(CAMERA, 1, LIDAR, 1)
                except LookupError:
                    return False
                return True

            ros.wait_for(is_placed, "the lidar's place")
        return Rig(ros, images, infos, scans, diagnostics)

    return rig


def test_the_scale_is_that_of_the_points(rig: Callable[..., Rig]) -> None:
    node = rig(scale={"source": "points"})
    depths = node.ros.listen(Image, "/mem4d/depth/image")
    clouds = node.ros.listen(PointCloud2, "/mem4d/points")
    for frame in range(8):
        node.see(10 + frame / 10, scan_of(wall(), 10 + frame / 10 - 0.05))
    status = node.ros.status()
    assert status.scale == pytest.approx(TRUE_SCALE, rel=1e-3)
    assert status.scale_deviation < 1e-3
    node.ros.wait_for(lambda: len(depths) == 8 == len(clouds))
    np.testing.assert_allclose(node.ros.depth(depths[-1]), TRUE_SCALE * WALL_M, rtol=1e-3)
    np.testing.assert_allclose(node.ros.xyz(clouds[-1])[:, 0], TRUE_SCALE * WALL_M, rtol=1e-3)
    seen = len(node.diagnostics)
    node.ros.wait_for(lambda: len(node.diagnostics) > seen)
    assert (node.told("scans used"), node.told("scans refused")) == ("8", "0")


def test_of_several_scans_the_nearest_in_time_counts(rig: Callable[..., Rig]) -> None:
    """They come in any order, before the image that they belong to or behind another's."""
    node = rig(scale={"source": "points"})
    wrong, right = 2 * wall(), wall()
    for frame in range(5):
        image_s = 10 + frame
        for points, offset_s in ((right, 0.02), (wrong, 0.1), (wrong, -0.03)):
            node.hear(scan_of(points, image_s + offset_s))
        node.see(image_s, None)
    assert node.ros.status().scale == pytest.approx(TRUE_SCALE, rel=1e-3)


def test_points_tell_no_scale_unless_they_are_asked_for_it(rig: Callable[..., Rig]) -> None:
    node = rig()
    for frame in range(5):
        node.see(10 + frame / 10, scan_of(wall(), 10 + frame / 10))
    assert (node.ros.status().scale, node.ros.status().scale_deviation) == (1, 0)


def test_what_the_robot_moved_between_scan_and_image_counts(rig: Callable[..., Rig]) -> None:
    """Odometry in TF: the robot drives 0.3 m towards the wall after each scan."""
    node = rig(in_tf=False, scale={"source": "points"})
    mounting = [stamped("base_link", CAMERA, np.eye(4)), stamped(CAMERA, LIDAR, mounted())]
    StaticTransformBroadcaster(node.ros.probe).sendTransform(mounting)
    buffer = node.ros.node._engine.pipeline._scans._place.__self__._buffer
    broadcaster = TransformBroadcaster(node.ros.probe)
    for frame in range(12):
        image_s = 10 + 0.5 * frame
        for stamp_s, ahead_m in ((image_s - 0.1, 0.0), (image_s, 0.3), (image_s + 0.1, 0.3)):
            pose = np.eye(4)
            pose[2, 3] = ahead_m
            broadcaster.sendTransform(stamped("odom", "base_link", pose, stamp_s))
        image_time = ns_to_stamp(round(image_s * 1e9))
        node.ros.wait_for(
            lambda at=image_time: buffer.can_transform("odom", LIDAR, at), "the robot's motion"
        )
        node.see(image_s, scan_of(wall() + [0.0, 0.0, 0.3], image_s - 0.1))
    assert node.ros.status().scale == pytest.approx(TRUE_SCALE, rel=0.01)


REFUSALS: dict[str, tuple[dict[str, Any], Callable[[], PointCloud2], str]] = {
    "no TF": ({"in_tf": False}, lambda: scan_of(wall(), 10.0), "TF has no transform from 'lidar'"),
    "unknown frame": ({}, lambda: scan_of(wall(), 10.0, "sonar"), "no transform from 'sonar'"),
    "nameless frame": ({}, lambda: scan_of(wall(), 10.0, ""), "header.frame_id is empty"),
    "too old": ({}, lambda: scan_of(wall(), 9.0), "evidence.max_age_s"),
    "no intrinsics": ({"with_info": False}, lambda: scan_of(wall(), 10.0), "without CameraInfo"),
    "all NaN": ({}, lambda: scan_of(wall(np.nan), 10.0), "NaN or infinite"),
    "behind": ({}, lambda: scan_of(-wall(), 10.0), "fewer than 10 of its points"),
}


@pytest.mark.parametrize("cause", list(REFUSALS))
def test_a_scan_that_cannot_be_used_is_refused_with_the_reason(
    rig: Callable[..., Rig], capfd: pytest.CaptureFixture[str], cause: str
) -> None:
    circumstances, scan, reason = REFUSALS[cause]
    node = rig(**circumstances, scale={"source": "points"})
    capfd.readouterr()
    for frame in range(3):
        node.see(10.0 + frame / 1000, scan())
    assert node.ros.status().frames_processed == 3
    assert np.isinf(node.ros.status().scale_deviation)
    log = capfd.readouterr().err
    assert log.count("/evidence/points is not used") == 1
    assert reason in log
    seen = len(node.diagnostics)
    node.ros.wait_for(lambda: len(node.diagnostics) > seen)
    assert (node.told("scans used"), node.told("scans refused")) == ("0", "3")
    assert reason in node.told("newest refusal")


def test_a_scan_without_z_is_refused(
    rig: Callable[..., Rig], capfd: pytest.CaptureFixture[str]
) -> None:
    node = rig()
    scan = scan_of(wall(), 10.0)
    scan.fields = scan.fields[:2]
    node.see(10.0, scan)
    assert "no field 'z'" in capfd.readouterr().err


@pytest.mark.slow
def test_over_dds_300_true_points_bring_depth_and_scale_near_the_truth() -> None:
    """The packaged network in a process of its own, a rendered scene, a lidar beside the camera."""
    from mem4d_ros.synthetic import render_sequence

    scene = render_sequence(11, 8, 192, 256)
    frames = (255 * scene.images.permute(0, 2, 3, 1)).round().byte().numpy()
    true = scene.depth.numpy().astype(float)
    intrinsics = scene.intrinsics[0].numpy().astype(float)
    errors = {}
    for with_scans in (False, True):
        arguments = ["-p", "status.period_s:=0.05", "-p", "model.threads:=1"]
        if with_scans:
            arguments += ["-p", "evidence.enabled:=true", "-p", "scale.source:=points"]
        with connected() as ros:
            from mem4d_ros.msg import Mem4DStatus

            node = NodeProcess(*arguments)
            try:
                errors[with_scans] = _played(
                    ros, node, frames, true, intrinsics, with_scans, Mem4DStatus
                )
            finally:
                node.stop()
    assert errors[True]["AbsRel"] < 0.08
    assert errors[True]["AbsRel"] < 0.1 * errors[False]["AbsRel"]
    assert abs(errors[True]["scale of depth"] - 1) < 0.03
    assert np.isfinite(errors[True]["deviation of scale"])


def _played(
    ros: Ros,
    node: NodeProcess,
    frames: np.ndarray,
    true: np.ndarray,
    intrinsics: np.ndarray,
    with_scans: bool,
    status_type: Any,
) -> dict[str, float]:
    """Errors of the depth of the last four frames that a node publishes."""
    ros.listen(status_type, "/mem4d/status")
    depths = ros.listen(Image, "/mem4d/depth/image")
    node.wait_for(INTRODUCTION)
    images, infos = ros.talker(Image, "/image"), ros.talker(CameraInfo, "/camera_info")
    scans = ros.talker(PointCloud2, "/evidence/points") if with_scans else None
    StaticTransformBroadcaster(ros.probe).sendTransform(stamped(CAMERA, LIDAR, mounted()))
    rng = np.random.default_rng(0)
    points = [_some_of(unproject(depth, intrinsics), rng) for depth in true]

    def play(index: int, stamp_s: float) -> None:
        """A frame with its CameraInfo, and a scan that has come before it."""
        if scans is not None:
            scans.publish(scan_of(points[index], stamp_s))
        infos.publish(info_of(intrinsics, *true.shape[1:]))
        image = make_image(stamp_s, true.shape[2], true.shape[1], CAMERA)
        image.data = frames[index].tobytes()
        assert image_to_rgb(image).shape == frames[index].shape
        before = len(depths)
        ros.play(images, image)
        ros.wait_for(lambda: len(depths) > before, "depth")

    # Which of transform, CameraInfo and scan comes first at the start is a matter of luck.
    for attempt in range(40):
        play(0, 96 + attempt / 10)
        status = ros.status()
        if status.camera_info_used and (scans is None or 0 < status.scale_deviation < 0.1):
            break
    else:
        raise AssertionError(f"the node knows neither camera nor scans: {status}")
    assert ros.call(Trigger, "/mem4d/reset", Trigger.Request()).success
    for index in range(len(frames)):
        play(index, 100 + index / 10)
    found = np.stack([ros.depth(message) for message in depths[-4:]])
    truth = true[-4:]
    known = np.isfinite(truth) & np.isfinite(found)
    ratio = found[known] / truth[known]
    return {
        "AbsRel": float(np.abs(ratio - 1).mean()),
        "scale of depth": float(np.median(ratio)),
        "deviation of scale": float(ros.status().scale_deviation),
    }


def _some_of(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """300 of the points (H, W, 3) that are known, as (300, 3)."""
    known = np.flatnonzero(np.isfinite(points).all(-1))
    return points.reshape(-1, 3)[rng.choice(known, 300)]
