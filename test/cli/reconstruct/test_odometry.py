"""`mem4d reconstruct --odometry`: the result is in the metres of the robot that drove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from reconstruct_runs import contents, interrupt, reconstruct
from round_room import HALF, HEIGHT, INTRINSICS, RADIUS, WIDTH, RoundRoom

from mem4d_ros.cli.main import main
from mem4d_ros.cli.reconstruct.odometry import OdometryBeside
from mem4d_ros.geometry import BODY_FROM_OPTICAL, rigid_inverse
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.runtime.export import RecordFolder

bags = pytest.importorskip("bags", reason="rosbags is not installed")

MOUNT = "0.3 0 0.5 -1.5707963267948966 0 -1.5707963267948966"
TOPIC = ("--odometry", "/odom", "--base-to-camera", MOUNT)
STEP_NS = 10**8


def drive(folder: Path, frames: int = 40, laps: float = 0.7, scale: float = 1.0) -> Path:
    """A bag of a camera that goes round in a room which is `scale` times as large."""
    room, base_from_camera = RoundRoom(frames, laps), parse_pose(MOUNT)
    images, poses = [], []
    for index, pose in enumerate(room.poses):
        stamp_ns = bags.START_NS + index * STEP_NS
        rgb = cv2.cvtColor(room.images[index], cv2.COLOR_GRAY2RGB)
        images.append(bags.image_message(rgb, "rgb8", stamp_ns))
        in_metres = pose.copy()
        in_metres[:3, 3] *= scale
        odom_from_base = BODY_FROM_OPTICAL @ in_metres @ rigid_inverse(base_from_camera)
        poses.append(bags.odometry_message(odom_from_base, stamp_ns))
    return bags.write_bag(
        folder / "drive",
        bags.Topic("/camera/image_raw", images),
        bags.Topic("/camera/camera_info", [bags.camera_info(INTRINSICS, WIDTH, HEIGHT)]),
        bags.Topic("/odom", poses),
    )


def run(source: Path, out: Path, *more: str) -> int:
    """With the packaged network, which sees."""
    arguments = ["reconstruct", str(source), "--out", str(out), "--precision", "fp32"]
    return main([*arguments, "--device", "cpu", *more])


def widest(folder: Path) -> float:
    """The largest distance between two cameras, m."""
    places = np.stack([record.camera_to_world[:3, 3] for record in RecordFolder(folder)])
    return float(np.linalg.norm(places[:, None] - places, axis=-1).max())


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_path_depth_and_map_are_in_the_metres_that_the_robot_drove(
    scale: float, tmp_path: Path
) -> None:
    source, out, saved = drive(tmp_path, scale=scale), tmp_path / "out", tmp_path / "saved"
    assert run(source, out, *TOPIC, "--save-map", str(saved)) == 0
    assert widest(out) == pytest.approx(2 * RADIUS * scale, rel=0.05)
    record = list(RecordFolder(out))[-1]
    distance = np.nanmedian(record.depth)
    assert distance == pytest.approx((HALF[0] - RADIUS) * scale, rel=0.25)
    again = tmp_path / "again"
    assert run(source, again, "--map", str(saved)) == 0
    assert widest(again) == pytest.approx(2 * RADIUS * scale, rel=0.05)


@pytest.mark.slow
def test_a_run_that_was_interrupted_ends_in_the_same_metres(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, whole, parts = drive(tmp_path, 30, 0.55), tmp_path / "whole", tmp_path / "parts"
    assert run(source, whole, *TOPIC) == 0
    with monkeypatch.context() as patch:
        interrupt(patch, frame=20)
        assert run(source, parts, *TOPIC) == 0
    assert widest(parts) != pytest.approx(widest(whole), rel=0.05)
    for _ in range(2):
        assert run(source, parts, *TOPIC, "--resume") == 0
        assert contents(parts) == contents(whole)


def test_too_short_a_way_is_said(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = drive(tmp_path, 3, 0.05)
    assert reconstruct(source, tmp_path / "out", checkpoint, *TOPIC) == 0
    assert "metres are the network's: by /odom the camera went too short" in capsys.readouterr().err


def test_an_odometry_of_another_clock_is_said(
    bag: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = bags.image_message(np.zeros((48, 64, 3), np.uint8), "rgb8")
    other = bags.write_bag(
        tmp_path / "other",
        bags.Topic("/camera/image_raw", [images]),
        bags.Topic("/odom", [bags.odometry_message(np.eye(4), 10**9)]),
    )
    assert reconstruct(other, tmp_path / "out", checkpoint, *TOPIC) == 0
    said = capsys.readouterr().err
    assert "/odom has no pose at any image's time: are they of one clock?" in said
    assert reconstruct(bag, tmp_path / "out2", checkpoint, *TOPIC) == 1
    assert "has no odometry (nav_msgs/msg/Odometry) on /odom" in capsys.readouterr().err


def test_what_goes_by_no_odometry_is_refused(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    source = drive(tmp_path, 3, 0.05)
    assert reconstruct(source, out, checkpoint, *TOPIC, "--pose-source", "head") == 1
    assert "--odometry: only the pose source geometry goes by one" in capsys.readouterr().err
    assert not out.exists()


def test_a_place_on_the_robot_is_six_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(tmp_path, tmp_path / "out", "--odometry", "/odom", "--base-to-camera", "0 0 1")
    assert "six finite numbers 'x y z roll pitch yaw'" in capsys.readouterr().err


def test_poses_are_asked_for_in_order_of_time() -> None:
    """They are read only as far as the image's time, and interpolated."""
    read: list[int] = []

    def poses() -> Iterator[tuple[int, np.ndarray]]:
        for index in range(10):
            read.append(index)
            place = np.eye(4)
            place[0, 3] = index
            yield index * STEP_NS, place

    odometry = OdometryBeside(poses())
    found = odometry.at(2 * STEP_NS + STEP_NS // 4)
    assert found is not None
    assert found[0, 3] == pytest.approx(2.25)
    assert read == [0, 1, 2, 3]
    assert odometry.at(100 * STEP_NS) is None
    assert (odometry.asked, odometry.heard) == (2, 1)
