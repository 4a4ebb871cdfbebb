"""Keyframes: what is new enters the structure memory, what is stored already does not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import SMALL_VIT, small_model

from mem4d_ros.geometry import unproject
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import KeyframeThresholds, OnlineReconstructor
from mem4d_ros.runtime.export.saved_stream import SavedStream, load_stream, save_stream
from mem4d_ros.runtime.keyframes import CameraView, overlap, shows_something_new
from mem4d_ros.runtime.pose_sources import PoseEstimate, PoseFrame

HEIGHT, WIDTH = 96, 128
INTRINSICS = np.array([[64.0, 0, 63.5], [0, 64.0, 47.5], [0, 0, 1]])  # 90° wide
WALL_M = 2.0
WALL = unproject(np.full((HEIGHT, WIDTH), WALL_M), INTRINSICS)
THRESHOLDS = KeyframeThresholds(min_translation_m=0.5, min_rotation_rad=0.3, min_overlap=0.6)


def view(x_m: float = 0.0, turned_rad: float = 0.0) -> CameraView:
    """A camera moved to the right and turned about its vertical axis."""
    pose = np.eye(4)
    cosine, sine = math.cos(turned_rad), math.sin(turned_rad)
    pose[:3, :3] = [[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]
    pose[0, 3] = x_m
    return CameraView(pose, INTRINSICS, (HEIGHT, WIDTH))


@pytest.mark.parametrize("x_m", [0.0, 1.0, 2.0, 3.0, 5.0])
def test_overlap_before_a_wall_is_the_common_part_of_its_width(x_m: float) -> None:
    seen_m = 2 * WALL_M  # of a wall, by a camera 90° wide
    expected = max(0.0, 1 - x_m / seen_m)
    points = WALL.reshape(-1, 3) + (x_m, 0, 0)
    assert overlap(points, [view()]) == pytest.approx(expected, abs=1 / WIDTH)
    half = max(0.0, 1 - abs(x_m - 1.0) / seen_m)
    assert overlap(points, [view(), view(1.0)]) == pytest.approx(max(expected, half), abs=0.01)


def test_what_lies_behind_a_camera_is_not_seen_by_it() -> None:
    assert overlap(-WALL.reshape(-1, 3), [view()]) == 0
    assert overlap(np.empty((0, 3)), [view()]) == 1


@pytest.mark.parametrize(
    ("candidate", "new"),
    [
        (view(), False),
        (view(0.49), False),
        (view(0.51), True),
        (view(0.0, 0.29), False),
        (view(0.0, -0.31), True),
    ],
)
def test_a_camera_far_from_all_that_is_stored_shows_something_new(
    candidate: CameraView, new: bool
) -> None:
    assert shows_something_new(candidate, WALL, [view(), view(9.0)], THRESHOLDS) == new
    assert not shows_something_new(candidate, WALL, [view(9.0), candidate], THRESHOLDS)


def test_a_near_camera_enters_where_it_sees_past_what_is_stored() -> None:
    close = WALL / 10  # the wall is 20 cm away: 30 cm to the side, little of it is shared
    assert shows_something_new(view(0.3), close, [view()], THRESHOLDS)
    assert not shows_something_new(view(0.3), WALL, [view()], THRESHOLDS)


class Walk:
    """Poses of a camera that walks along x; a pose source."""

    keeps_global_pointmap = True

    def __init__(self, x_m: list[float]) -> None:
        self.x_m = x_m
        self.frame = 0

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        self.frame += 1
        return PoseEstimate(view(self.x_m[self.frame - 1]).camera_to_world)

    def reset(self) -> None:
        self.frame = 0


THERE = [0.25 * step for step in range(13)]  # 3 m
THERE_AND_BACK = THERE + THERE[::-1]
CAPACITY = 12


def walk(keyframes: KeyframeThresholds | None) -> OnlineReconstructor:
    return OnlineReconstructor(
        small_model(SMALL_VIT),
        64,
        MemorySizes(2, 1, CAPACITY),
        pose_source=Walk(THERE_AND_BACK),
        keyframes=keyframes,
    )


FAR_APART = KeyframeThresholds(min_translation_m=0.5, min_rotation_rad=9.0, min_overlap=0.0)
IMAGES = np.random.default_rng(0).integers(0, 256, (len(THERE_AND_BACK), 48, 64, 3), np.uint8)


def test_a_place_left_is_remembered_and_not_stored_again_on_return() -> None:
    online = walk(FAR_APART)
    written = []
    for stamp, image in enumerate(IMAGES):
        online.process(image, stamp, INTRINSICS)
        written.append(online.state.memory.structure.written)
    # Every second frame on the way there (0, 0.5, … 3 m), none on the way back.
    assert written == [1 + min(t, 12) // 2 for t in range(26)]
    positions = [v.camera_to_world[0, 3] for v in online.state.views.values()]
    assert positions == pytest.approx([0.5 * k for k in range(7)])
    assert online.state.memory.structure.frames == tuple(range(7))


def test_with_every_frame_the_way_there_is_forgotten_on_return() -> None:
    online = walk(None)
    for stamp, image in enumerate(IMAGES):
        online.process(image, stamp, INTRINSICS)
    held = online.state.memory.structure.frames
    assert held[0] == 0
    assert min(held[1:]) > len(THERE)  # besides the first frame, only what was seen on return


def test_a_place_that_had_to_leave_the_memory_is_stored_anew() -> None:
    online = walk(FAR_APART)
    for stamp, image in enumerate(IMAGES[: len(THERE)]):
        online.process(image, stamp, INTRINSICS)
    online.resize_memory(MemorySizes(2, 1, 2))  # the first frame and the newest
    for stamp, image in enumerate(IMAGES[len(THERE) :]):
        online.process(image, stamp, INTRINSICS)
    assert online.state.views.keys() == set(online.state.memory.structure.frames)
    assert online.state.memory.structure.written > 7
    online.reset()
    assert not online.state.views


def test_a_stream_of_keyframes_goes_on_from_a_file(tmp_path: Path) -> None:
    stopped = walk(FAR_APART)
    for stamp, image in enumerate(IMAGES[:9]):
        stopped.process(image, stamp, INTRINSICS)
    state = stopped.state
    save_stream(
        tmp_path / "state.pt",
        SavedStream(9, type(state)(state.memory, None, state.transform, state.views)),
    )
    loaded = load_stream(tmp_path / "state.pt", torch.device("cpu")).state
    assert loaded.memory.structure.written == state.memory.structure.written
    assert loaded.views.keys() == state.views.keys()
    assert loaded.views[2].size == state.views[2].size
