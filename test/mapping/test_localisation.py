"""A camera in a map that was made before: found where it is, or not at all; the map stays."""

from __future__ import annotations

import numpy as np
import pytest
from film import FRAMES, HEIGHT, WIDTH, Film

from mem4d_ros.mapping import Localiser, Map, Odometry
from mem4d_ros.mapping.locating import STRANGE_LANDMARKS, SURE_LANDMARKS, locate_anew
from mem4d_ros.mapping.motion import CameraMotion
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.mapping.tracker import without_light
from mem4d_ros.synthetic.cameras.paths import hand_held

MAPPED = range(0, FRAMES, 2)


@pytest.fixture(scope="module")
def room() -> Film:
    return Film(0, hand_held, bodies=0)


@pytest.fixture(scope="module")
def other_room() -> Film:
    return Film(7, hand_held, bodies=0)


@pytest.fixture(scope="module")
def world(room: Film) -> Map:
    """Of every other frame, with true depth: the map's metres are the true ones."""
    odometry = Odometry()
    room.run(odometry, MAPPED)
    return odometry.map


def content(world: Map) -> list[bytes]:
    """Every number of a map."""
    columns = list(vars(world.landmarks).values())
    for keyframe in world.keyframes.values():
        columns += [keyframe.image, keyframe.camera_to_world, keyframe.landmarks, keyframe.pixels]
        columns += [keyframe.descriptors, keyframe.covariance, keyframe.dense.depth]
    return [np.asarray(column).tobytes() for column in columns]


def off(pose: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Metres and degrees."""
    turn = np.rad2deg(angle_between(pose[:3, :3], true[:3, :3]))
    return float(np.linalg.norm(pose[:3, 3] - true[:3, 3])), turn


def test_frames_that_were_not_mapped_are_found_alone(room: Film, world: Map) -> None:
    for frame in range(1, FRAMES, 4):
        found = Localiser(world).locate(room.images[frame], room.intrinsics)
        assert found.measured
        assert found.placed
        metres, degrees = off(found.camera_to_world, room.poses[frame])
        assert metres < 0.05
        assert degrees < 1


def test_the_depth_of_a_frame_that_is_not_found_is_in_the_networks_own_metres(
    room: Film, other_room: Film, world: Map
) -> None:
    """As in the first keyframe: in later ones the network was told landmarks."""
    told = world.copy()
    told.newest.log_scale = 0.3
    localiser = Localiser(told)
    assert not localiser.locate(other_room.images[0], room.intrinsics).measured
    assert localiser.depth_scale(other_room.dense(0), room.intrinsics) == 1.0


def test_a_camera_is_followed_and_the_map_stays_as_it_is(room: Film, world: Map) -> None:
    before, localiser = content(world), Localiser(world)
    for frame in reversed(range(FRAMES)):
        found = room.feed(localiser, frame)
        assert found.measured
        metres, degrees = off(found.camera_to_world, room.poses[frame])
        assert metres < 0.05
        assert degrees < 1
        assert np.sqrt(found.covariance[3:, 3:].diagonal().max()) < 0.05
    assert content(world) == before


def test_landmarks_of_the_map_are_told_to_the_network(room: Film, world: Map) -> None:
    localiser = Localiser(world)
    room.feed(localiser, 9)
    settled = localiser.settled(room.intrinsics)
    columns, rows = np.rint(settled.pixels).astype(int).T
    ratio = settled.depth / room.depth[9][rows, columns]
    assert len(ratio) > 30
    assert np.nanmedian(np.abs(ratio - 1)) < 0.06


def test_few_landmarks_are_believed_only_where_the_camera_can_be(room: Film, world: Map) -> None:
    """As doors of a corridor that all look alike."""
    frame, image = 9, np.full((HEIGHT, WIDTH), 90, np.uint8)
    pose, elsewhere = room.poses[frame], room.poses[frame].copy()
    elsewhere[:3, 3] += 1.0
    for row, column in ((0, 0), (0, 4), (2, 2), (3, 0), (3, 4)):  # some twenty landmarks
        part = slice(48 * row, 48 * row + 48), slice(51 * column, 51 * column + 51)
        image[part] = room.images[frame][part]
    image = without_light(image)
    found = locate_anew(world, image, room.intrinsics, CameraMotion(is_placed=False))
    assert found is not None
    support = found.located.agrees.sum() * found.located.agrees.mean()
    assert SURE_LANDMARKS <= support < STRANGE_LANDMARKS
    assert locate_anew(world, image, room.intrinsics, CameraMotion(pose)) is not None
    assert locate_anew(world, image, room.intrinsics, CameraMotion(elsewhere)) is None
    whole = without_light(room.images[frame])
    assert locate_anew(world, whole, room.intrinsics, CameraMotion(elsewhere)) is not None


def test_in_another_room_the_camera_has_no_place(other_room: Film, world: Map) -> None:
    localiser = Localiser(world)
    for frame in range(0, FRAMES, 3):
        found = other_room.feed(localiser, frame)
        assert not found.measured
        assert not found.placed


def test_a_lost_camera_says_so_and_comes_back(room: Film, world: Map) -> None:
    localiser, dark = Localiser(world), np.full((HEIGHT, WIDTH), 20, np.uint8)
    room.feed(localiser, 4)
    blind = [localiser.locate(dark, room.intrinsics) for _ in range(20)]
    assert not any(found.measured for found in blind)
    assert all(found.placed for found in blind)
    assert np.trace(blind[-1].covariance) > 1
    back = room.feed(localiser, 23)
    assert back.measured
    assert off(back.camera_to_world, room.poses[23])[0] < 0.05


def test_a_map_that_is_extended_is_not_given_up(room: Film, other_room: Film, world: Map) -> None:
    """Whatever is seen before the camera is recognised; then what is new is added."""
    odometry, before = Odometry(), len(world.keyframes)
    odometry.begin_in(world.copy())
    for frame in range(12):
        found = other_room.feed(odometry, frame)
        assert not found.measured
        assert not found.placed
    assert len(odometry.map.keyframes) == before
    found = [room.feed(odometry, frame) for frame in range(1, FRAMES, 2)]
    assert all(estimate.measured and estimate.placed for estimate in found)
    assert len(odometry.map.keyframes) > before
    metres = [off(e.camera_to_world, room.poses[2 * i + 1])[0] for i, e in enumerate(found)]
    assert max(metres) < 0.06
