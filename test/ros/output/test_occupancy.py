"""~/occupancy is made while somebody subscribes, is latched, and begins anew with a world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from builtin_interfaces.msg import Time
from corridors import INTRINSICS, SIZE, camera_at, seen_from
from nav_msgs.msg import OccupancyGrid
from rclpy.qos import DurabilityPolicy, QoSProfile
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from wall_model import WallModel

from mem4d_ros.geometry import intrinsics_to_fov, matrix_to_quaternion, rigid_inverse
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings, TfSettings
from mem4d_ros.ros.output.occupancy import MOST_FLOORLESS, up_is_known
from mem4d_ros.runtime.occupancy import OccupancyMapper
from mem4d_ros.runtime.scale import ScaleEstimate

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
CAMERA = {"initial_pose": "0 0 0.6 0 0 0"}
FAST = {"period_s": 0.1}


class CorridorModel:
    """Sees the corridor, through which it drives."""

    takes_evidence = False

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        assert memory is not None
        return MemoryState(memory)

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        frame = seen_from(state.frame_index, camera_at(0.3 * state.frame_index))
        pose = rigid_inverse(camera_at(0.0)) @ frame.camera_to_world
        points = torch.tensor(frame.points_camera)[None]
        sureness = torch.tensor(frame.confidence_camera)[None]
        intrinsics = torch.tensor(INTRINSICS)[None]
        output = FrameOutput(
            points_world=points @ torch.tensor(pose[:3, :3].T, dtype=torch.float32)
            + torch.tensor(pose[:3, 3], dtype=torch.float32),
            confidence_world=sureness.clone(),
            points_camera=points,
            confidence_camera=sureness,
            quaternion=torch.tensor(matrix_to_quaternion(pose[:3, :3]))[None],
            translation=torch.tensor(pose[:3, 3])[None],
            field_of_view=intrinsics_to_fov(intrinsics, *SIZE),
            intrinsics=intrinsics,
        )
        return output, replace(state, frame_index=state.frame_index + 1)


@pytest.fixture
def driving(start: Start) -> tuple[Ros, Callable[..., None]]:
    """A node in the corridor, level at a known height, and a function that plays images."""
    ros = start(CorridorModel(), image_size=SIZE[1], tf=CAMERA, occupancy=FAST)
    images = ros.talker(Image, "/image")

    def play(*stamps: int) -> None:
        ros.play(images, *(make_image(stamp, SIZE[1], SIZE[0]) for stamp in stamps))

    return ros, play


def listen(ros: Ros) -> list[OccupancyGrid]:
    return ros.listen(OccupancyGrid, "/mem4d/occupancy", LATCHED)


def grids_of_a_drive(ros: Ros, play: Callable[..., None]) -> list[OccupancyGrid]:
    """All that come, once there is one of the corridor."""
    grids = listen(ros)
    play(*range(1, 9))
    ros.wait_for(lambda: any(len(grid.data) > 1000 for grid in grids), "a grid")
    return grids


def cell_at(grid: OccupancyGrid, x: float, y: float) -> int:
    """The value at a place in the map; the grid is level."""
    orientation = grid.info.origin.orientation
    assert (orientation.x, orientation.y, orientation.z, orientation.w) == (0, 0, 0, 1)
    cells = np.array(grid.data, np.int8).reshape(grid.info.height, grid.info.width)
    corner = grid.info.origin.position
    row = int((y - corner.y) / grid.info.resolution)
    column = int((x - corner.x) / grid.info.resolution)
    return int(cells[row, column])


def test_a_drive_makes_a_map_to_plan_in(driving: tuple[Ros, Callable[..., None]]) -> None:
    ros, play = driving
    grids = listen(ros)
    play(*range(1, 11))
    ros.wait_for(lambda: grids and grids[-1].header.stamp.sec == 10, "the newest grid")
    grid = grids[-1]
    assert grid.header.frame_id == "map"
    assert grid.info.resolution == pytest.approx(0.05)
    assert grid.info.origin.position.z == pytest.approx(0.0, abs=0.02)
    assert cell_at(grid, 3.0, 0.0) == 0
    assert cell_at(grid, 2.52, 0.72) == 100  # the crate
    assert cell_at(grid, 2.9, 1.1) == -1  # behind it
    assert ros.status().frames_rejected == 0


def test_nothing_is_made_for_nobody_and_who_comes_late_has_all(
    driving: tuple[Ros, Callable[..., None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ros, play = driving
    made = []
    import mem4d_ros.ros.output.occupancy as output

    whole = output.OccupancyMapper.grid
    monkeypatch.setattr(
        output.OccupancyMapper, "grid", lambda *given: made.append(1) or whole(*given)
    )
    play(*range(1, 9))
    assert not made
    grids = listen(ros)  # no image comes any more
    ros.wait_for(lambda: grids, "a grid")
    assert cell_at(grids[-1], 2.52, 0.72) == 100
    latched = ros.listen(OccupancyGrid, "/mem4d/occupancy", LATCHED)
    ros.wait_for(lambda: len(latched) > 1, "the latched grid")
    assert len(made) == 1


def test_the_map_of_a_world_that_was_left_does_not_stay(
    driving: tuple[Ros, Callable[..., None]],
) -> None:
    ros, play = driving
    grids = grids_of_a_drive(ros, play)
    assert ros.call(Trigger, "/mem4d/reset", Trigger.Request()).success
    play(9)
    ros.wait_for(lambda: list(grids[-1].data) == [-1], "the grid of a world not seen yet")


def test_without_a_floor_the_log_says_so_in_the_end(
    start: Start, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    whole = OccupancyMapper.grid
    monkeypatch.setattr(OccupancyMapper, "grid", lambda *given: made.append(given) or whole(*given))
    ros = start(WallModel(), occupancy=FAST)
    grids = listen(ros)
    images = ros.talker(Image, "/image")
    said, stamps = "", iter(range(1, 10_000))
    while "no floor was found" not in said:
        ros.play(images, make_image(next(stamps)))
        said += capfd.readouterr().err
    assert len(made) >= MOST_FLOORLESS
    assert not grids


def test_up_is_known_where_the_robot_or_the_user_says_so() -> None:
    assert not up_is_known(Settings())
    assert up_is_known(Settings(tf=TfSettings(mode="base")))
    assert up_is_known(Settings(tf=TfSettings(initial_pose="0 0 1 0 0 0")))
    settings = Settings()
    for up, known in (("map", True), ("floor", False)):
        asked = replace(settings, occupancy=replace(settings.occupancy, up=up))
        assert up_is_known(asked) is known


def test_the_grid_is_latched_in_the_table_of_topics() -> None:
    assert topics.describe_qos(topics.OCCUPANCY) == "reliable, depth 1, transient local"


def test_the_map_of_a_world_that_was_left_does_not_stay_where_the_next_has_no_place_yet(
    driving: tuple[Ros, Callable[..., None]],
) -> None:
    """As after a map was loaded, before the camera is recognised in it."""
    ros, play = driving
    grids = grids_of_a_drive(ros, play)
    outputs = ros.node._engine.outputs
    frame = Mock(stamp=Time(sec=9), scale=ScaleEstimate(1.0, 0.0))
    frame.reconstruction = Mock(frame_index=0, placed=False)
    outputs._scene._scene = Mock()
    outputs._scene.publish(frame, None, Settings())
    ros.wait_for(lambda: list(grids[-1].data) == [-1], "the grid of a world not seen yet")
