"""A frame is recognised by what several keyframes show of it together."""

from __future__ import annotations

import numpy as np
import pytest
from film import Film
from made_up_maps import NOTHING_DENSE

from mem4d_ros.mapping.descriptors import describe
from mem4d_ros.mapping.keyframes import Keyframe, Map
from mem4d_ros.mapping.relocalisation import CORNERS, LEAST_MATCHES, SPACING_PX, relocalise
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.mapping.sharpness import sharpness
from mem4d_ros.mapping.tracker import find_corners
from mem4d_ros.synthetic.cameras.paths import hand_held

WALL_M = 2.0
FEW = LEAST_MATCHES - 1


@pytest.fixture(scope="module")
def room() -> Film:
    return Film(0, hand_held, bodies=0)


def seen_in_parts(image: np.ndarray, parts: int) -> Map:
    """A map of one image, as a picture on a wall, whose corners different keyframes know."""
    corners = find_corners(image, CORNERS, SPACING_PX, np.empty((0, 2)))
    chosen = np.random.default_rng(0).permutation(len(corners))[: parts * FEW]
    world = Map()
    for number, pixels in enumerate(np.split(corners[chosen], parts)):
        log_depth = np.full(FEW, np.log(WALL_M))
        world.keyframes[number] = Keyframe(
            number=number,
            image=image,
            camera_to_world=np.eye(4),
            log_scale=0.0,
            landmarks=world.landmarks.add(
                number, pixels, log_depth, log_depth, sharpness(image, pixels)
            ),
            pixels=pixels,
            descriptors=describe(image, pixels),
            covariance=np.eye(6),
            dense=NOTHING_DENSE,
        )
    return world


def test_keyframes_that_know_too_little_alone_find_it_together(room: Film) -> None:
    image = room.images[0]
    world = seen_in_parts(image, 3)
    keyframes = list(world.keyframes.values())
    for keyframe in keyframes:
        assert relocalise(world, [keyframe], image, room.intrinsics) is None
    pose = relocalise(world, keyframes, image, room.intrinsics)
    assert pose is not None
    assert np.linalg.norm(pose[:3, 3]) < 0.02 * WALL_M
    assert angle_between(np.eye(3), pose[:3, :3]) < 0.02


def test_keyframes_that_look_elsewhere_do_not_help(room: Film) -> None:
    image = room.images[0]
    world = seen_in_parts(image, 3)
    for number, keyframe in world.keyframes.items():
        keyframe.camera_to_world[:3, 3] = [10 * number, 0, 0]
    keyframes = list(world.keyframes.values())
    assert relocalise(world, keyframes, image, room.intrinsics) is None
