"""The demo's report: what it calls a fault, and pictures that show what was received."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from geometry_msgs.msg import Pose, PoseWithCovariance
from nav_msgs.msg import OccupancyGrid, Odometry
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.conversions.depth import to_depth_image
from mem4d_ros.ros.conversions.grid import to_occupancy_grid
from mem4d_ros.ros.demo.listener import Heard, Snapshot
from mem4d_ros.ros.demo.report import Report, _confidence_image, make_pictures, write_results
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.occupancy import FREE, UNKNOWN, Grid
from mem4d_ros.sensor_messages.packed_cloud import POINT

GOOD = Report(
    sent=10, received=10, processed=8, dropped=2, rejected=0, clouds=8, camera_clouds=8, depths=8,
    poses=8, transforms=8, rate_hz=5.0, latency_p50_s=0.1, latency_p95_s=0.2, device="cpu",
    preset="lite", checkpoint="",
)  # fmt: skip
K = np.array([[40.0, 0, 15.5], [0, 40.0, 11.5], [0, 0, 1]])


class FakeListener:
    """A listener that has received one frame: a wall 2 m ahead, its left half red."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.occupancy: OccupancyGrid | None = None
        pose = Pose()
        pose.orientation.w = 1.0
        self.heard.odometry = [Odometry(pose=PoseWithCovariance(pose=pose))] * 2
        y, x = np.mgrid[:24, :32].reshape(2, -1)
        positions = np.stack([(x - 15.5) / 20, (y - 11.5) / 20, np.full(x.size, 2.0)], -1)
        colours = np.where(x[:, None] < 16, [200, 0, 0], [0, 0, 200]).astype(np.uint8)
        confidences = (1.0 + x).astype(np.float32)
        points = ColouredPoints(positions.astype(np.float32), colours, confidences)
        cloud = to_point_cloud(points, Header(frame_id="camera"))
        self.scene = [cloud]
        image = Image(height=24, width=32, step=96, encoding="rgb8", data=bytes(24 * 96))
        depth = to_depth_image(np.full((24, 32), 2.0, np.float32), Header())
        self._snapshot = Snapshot(image, depth, CameraInfo(k=K.flatten()), cloud)

    def snapshot(self) -> Snapshot:
        return self._snapshot


def test_a_good_run_has_no_faults() -> None:
    assert GOOD.faults == []


def test_the_last_line_says_what_was_seen_what_it_means_and_what_next() -> None:
    kept_up = replace(GOOD, processed=10, dropped=0).conclusion(Path("out/demo"))
    assert "10 of 10 images became depth, points and a pose, 5.0 a second" in kept_up
    assert "see out/demo/summary.png" in kept_up
    assert "None was passed over. Next: make demo SOURCE=<your video>" in kept_up
    too_slow = GOOD.conclusion(Path("out/demo"))
    assert "2 were passed over for newer ones" in too_slow
    assert "takes about 5.0 a second. Next: make demo without RATE" in too_slow
    assert "\n" not in kept_up + too_slow


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"received": 9}, "10 frames were sent, the node received 9"),
        ({"dropped": 1}, "counters do not add up"),
        ({"rejected": 1, "dropped": 1}, "1 rejected"),
        ({"clouds": 7}, "7 clouds arrived"),
        ({"transforms": 9}, "9 transforms arrived"),
    ],
)
def test_each_fault_is_named(change: dict[str, int], words: str) -> None:
    assert any(words in fault for fault in replace(GOOD, **change).faults)


def test_the_table_holds_every_count() -> None:
    table = replace(GOOD, sent=12345, clouds=54321).table()
    assert "12345" in table
    assert "54321" in table
    assert "random weights" in table


def test_confidences_land_on_their_pixels() -> None:
    listener = FakeListener()
    pictures = make_pictures(listener.snapshot(), listener)
    confidence = pictures["confidence"].astype(int)
    assert confidence.shape == (24, 32, 3)
    brightness = confidence[:4].sum(-1).mean(0)  # above the label
    assert brightness[-1] > brightness[16] > brightness[0]


def test_points_that_share_a_pixel_leave_no_black_hole() -> None:
    listener = FakeListener()
    records = np.frombuffer(listener.snapshot().points_camera.data, POINT).copy()
    records["x"][5::16] += 0.05  # a pixel, so that two points lie on one and none on the other
    picture = _confidence_image(records, K, 24, 32)
    assert np.isfinite(picture).all()
    assert picture[3, 5] in (5.0, 6.0, 7.0)


def test_where_the_cloud_has_no_points_nothing_is_made_up() -> None:
    listener = FakeListener()
    records = np.frombuffer(listener.snapshot().points_camera.data, POINT).reshape(24, 32)
    picture = _confidence_image(records[:, :16].ravel(), K, 24, 32)
    assert np.isnan(picture[:, 18:]).all()


def test_the_scene_shows_both_colours() -> None:
    listener = FakeListener()
    cloud = make_pictures(listener.snapshot(), listener)["scene"].astype(int)
    red, blue = cloud[..., 0] - cloud[..., 2], cloud[..., 2] - cloud[..., 0]
    assert (red > 80).sum() > 50
    assert (blue > 80).sum() > 50


def test_the_plan_is_drawn_where_the_node_has_one() -> None:
    listener = FakeListener()
    assert "plan" not in make_pictures(listener.snapshot(), listener)
    cells = np.full((40, 40), UNKNOWN, np.int8)
    cells[:20] = FREE
    grid = Grid(cells, np.array([-2.0, -2.0]), 0.1, np.eye(4))
    listener.occupancy = to_occupancy_grid(grid, Header(frame_id="map"), is_level=True)
    plan = make_pictures(listener.snapshot(), listener)["plan"]
    right = (plan == 255).all(-1)[:, plan.shape[1] // 2 :]  # y < 0 is to the right
    assert right.mean() > 0.4


def test_results_are_written(tmp_path: Path) -> None:
    written = write_results(GOOD, FakeListener(), tmp_path / "out")
    names = {path.name for path in written}
    assert names == {
        "report.json", "colour.png", "depth.png", "confidence.png", "scene.png", "summary.png",
    }  # fmt: skip
    for path in written:
        assert path.stat().st_size > 0
        assert path.suffix == ".json" or cv2.imread(str(path)) is not None
