"""A camera that goes round in a room and comes back, with a focal length that is a bit wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from round_room import HEIGHT, INTRINSICS, WIDTH, RoundRoom

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping import Aside, Correction, Map, Odometry, moved_pose
from mem4d_ros.mapping.rotations import angle_between

FRAMES, LAPS = 84, 1.2
WRONG = INTRINSICS @ np.diag([1.03, 1.03, 1.0])
"""With a focal length that is 3 % too long each turn is found too small."""


@dataclass(frozen=True)
class Run:
    """Poses as they were published, and after each correction; corrections by frame."""

    published: np.ndarray
    final: np.ndarray
    keyframes: np.ndarray
    corrections: dict[int, Correction]
    world: Map


def run(room: RoundRoom, odometry: Odometry, network_s: float = 0.0) -> Run:
    """The network's depth is wrong by 5 % here and there, and its scale drifts.

    It takes `network_s` seconds a frame, in which what is done beside goes on.
    """
    rng = np.random.default_rng(0)
    published, keyframes, corrections = [], [], {}
    final = np.empty((0, 4, 4))
    log_scale = np.cumsum(rng.normal(0, 0.01, len(room.images)))
    for frame, image in enumerate(room.images):
        estimate = odometry.locate(image, WRONG)
        if estimate.correction is not None:
            corrections[frame] = estimate.correction
            final = moved_pose(estimate.correction.of(np.array(keyframes)), final)
        published.append(estimate.camera_to_world)
        final = np.concatenate((final, estimate.camera_to_world[None]))
        keyframes.append(estimate.keyframe)
        time.sleep(network_s)
        wrong = np.exp(0.05 * cv2.resize(rng.normal(size=(6, 8)), (WIDTH, HEIGHT)))
        dense = room.dense(frame, np.exp(log_scale[frame]) * wrong.astype(np.float32))
        odometry.learn(dense, WRONG, room.place(frame))
    return Run(np.array(published), final, np.array(keyframes), corrections, odometry.map)


@pytest.fixture(scope="module")
def room() -> RoundRoom:
    return RoundRoom(FRAMES, LAPS)


@pytest.fixture(scope="module")
def closed(room: RoundRoom) -> Run:
    return run(room, Odometry())


def gap(poses: np.ndarray, room: RoundRoom) -> np.ndarray:
    """Turn in rad and way in m by which two frames one lap apart are not where they should be.

    Those are the last ones before the first loop closes.
    """
    last, lap = len(poses) - 1, round(FRAMES / LAPS)
    found = rigid_inverse(poses[last - lap]) @ poses[last]
    true = rigid_inverse(room.poses[last - lap]) @ room.poses[last]
    turn = angle_between(true[:3, :3], found[:3, :3])
    return np.array([turn, np.linalg.norm(found[:3, 3] - true[:3, 3])])


def test_a_loop_closes_when_the_camera_is_back_and_not_before(closed: Run) -> None:
    assert closed.corrections
    assert FRAMES / LAPS - 6 < min(closed.corrections) < FRAMES / LAPS + 10


def test_the_ends_of_the_lap_meet(room: RoundRoom, closed: Run) -> None:
    first = min(closed.corrections)
    before, after = gap(closed.published[:first], room), gap(closed.final[:first], room)
    assert before[0] > np.deg2rad(5)
    assert after[0] < before[0] / 5
    assert after[1] < before[1] / 2


def test_what_moves_is_what_was_seen_since(closed: Run) -> None:
    correction = closed.corrections[min(closed.corrections)]
    first, last = correction.of(np.array([0, max(closed.keyframes)]))
    np.testing.assert_array_equal(first, np.eye(4))
    assert np.abs(last - np.eye(4)).max() > 0.02


def test_after_a_loop_the_newest_keyframe_sees_what_the_first_ones_saw(closed: Run) -> None:
    world = closed.world
    early = np.concatenate([world.keyframes[n].landmarks for n in sorted(world.keyframes)[:12]])
    assert len(np.intersect1d(early, world.newest.landmarks)) > 20


def test_links_lead_from_the_new_end_of_a_loop_to_its_old_one(room: RoundRoom, closed: Run) -> None:
    first = min(closed.corrections)
    found = closed.corrections[first].links
    assert len(found) == 2  # one that was found, and one that agreed
    lap = round(FRAMES / LAPS)
    way = closed.final[:first, :3, 3]
    for old, new in found:
        old_frame = int(np.linalg.norm(way[: lap // 2] - old, axis=-1).argmin())
        new_frame = lap // 2 + int(np.linalg.norm(way[lap // 2 :] - new, axis=-1).argmin())
        assert np.linalg.norm(way[old_frame] - old) < 0.1
        assert np.linalg.norm(way[new_frame] - new) < 0.1
        assert abs(new_frame - old_frame - lap) < lap / 8
    for frame, correction in closed.corrections.items():
        assert len(correction.links) >= 2 * sum(f <= frame for f in closed.corrections)


@pytest.mark.slow
def test_found_beside_the_frames_a_loop_closes_as_well(room: RoundRoom) -> None:
    assert run(room, Odometry(Aside), network_s=0.1).corrections


@pytest.mark.slow
def test_without_a_loop_nothing_moves_even_if_all_places_look_the_same() -> None:
    half = RoundRoom(40, 0.55)
    odometry = Odometry()
    for frame, image in enumerate(half.images):
        assert odometry.locate(image, INTRINSICS).correction is None
        odometry.learn(half.dense(frame), INTRINSICS, half.place(0))
