from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.geometry import fov_to_intrinsics, pixel_rays
from mem4d_ros.synthetic.cameras.paths import CameraMaker, camera_path
from mem4d_ros.synthetic.cameras.street_paths import STREET_SHARES, in_a_car, on_foot
from mem4d_ros.synthetic.places.street import KERB, LENGTH, make_street
from mem4d_ros.synthetic.rendering.render import render
from mem4d_ros.synthetic.scene.primitives import ENTER
from mem4d_ros.synthetic.scene.stage import Stage
from mem4d_ros.synthetic.textures.library import standard_library

TIMES = np.arange(24) / 10.0
SEEDS = range(6)


def street(seed: int, bodies: int = 2) -> Stage:
    return make_street(np.random.default_rng(seed), standard_library(), bodies)


def ground_height(stage: Stage, x: float, y: float) -> float:
    """The top of the flat parts over a point."""
    flat = [part for part in stage.scene.parts if not part.casts_shadow and part.half_size[1] > 1]
    return max(
        part.pose[2, 3] + part.half_size[2]
        for part in flat
        if (np.abs(part.pose[:2, 3] - (x, y)) < part.half_size[:2]).all()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_road_lies_a_kerb_below_the_pavement(seed: int) -> None:
    stage = street(seed)
    pavement = (stage.floor[2] + stage.floor[3]) / 2
    assert ground_height(stage, 0.0, pavement) == pytest.approx(0.0)
    assert ground_height(stage, 0.0, -pavement) == pytest.approx(0.0)
    for lane in stage.lanes:
        assert ground_height(stage, *lane.mean(0)[:2]) == pytest.approx(-KERB)
        np.testing.assert_allclose(lane[:, 2], -KERB)


@pytest.mark.parametrize("seed", SEEDS)
def test_lanes_run_along_the_street_on_the_right_hand_side(seed: int) -> None:
    for start, end in street(seed).lanes:
        along, right = end - start, np.array([0.0, 0.0, 0.0])
        right[:2] = along[1], -along[0]
        assert np.linalg.norm(along) == pytest.approx(LENGTH)
        assert right @ start > 0  # the middle of the road is to the left


@pytest.mark.parametrize("seed", SEEDS)
def test_the_floor_to_walk_on_is_free_at_the_height_of_a_head(seed: int) -> None:
    """Awnings, signs and crowns are beside or above it; shops and houses behind it."""
    stage = street(seed, bodies=0)
    x0, x1, y0, y1 = stage.floor
    assert y1 - y0 > 0.9
    blocking = 0.0
    for part in stage.scene.parts:
        reach = np.abs(part.pose[:3, :3]) @ part.half_size
        low, high = part.pose[:3, 3] - reach, part.pose[:3, 3] + reach
        if low[2] < 1.7 < high[2] and high[1] > y0 + 0.2 and low[1] < y1 - 0.2:
            blocking += max(0.0, min(high[0], x1) - max(low[0], x0))
    assert blocking < 0.1 * (x1 - x0)


@pytest.mark.parametrize("bodies", [0, 1, 3])
def test_only_bodies_move_and_nothing_leaves_the_ground(bodies: int) -> None:
    for seed in range(3):
        stage = street(seed, bodies)
        poses = [part.poses(TIMES) for part in stage.scene.parts]
        moving = [pose for pose in poses if np.ptp(pose, 0).max() > 1e-9]
        assert len(stage.bodies) == bodies
        assert (len(moving) > 0) == (bodies > 0)
        assert all(pose[:, 2, 3].min() > -KERB - 0.35 for pose in poses)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_pixel_sees_what_a_search_through_all_parts_finds(seed: int) -> None:
    """Depth is the distance to the nearest primitive in double precision; the sky has none.

    What moves is what belongs to a part that moves.
    """
    stage, (height, width) = street(seed, bodies=3), (27, 36)
    intrinsics = fov_to_intrinsics(np.array([1.3, 1.1]), height, width)
    camera = camera_path(np.random.default_rng(seed), stage, TIMES[:1], {in_a_car: 1.0})
    library = standard_library()
    rendering = render(stage.scene, camera, TIMES[:1], intrinsics, (height, width), library)

    parts = stage.scene.parts
    pose = np.stack([np.linalg.inv(camera[0]) @ part.poses(TIMES[:1])[0] for part in parts])
    half = np.stack([part.half_size for part in parts])
    rays = pixel_rays(intrinsics, height, width).reshape(-1, 3)
    direction = torch.as_tensor((rays @ pose[:, :3, :3] / half[:, None]).swapaxes(1, 2))
    eye = -(pose[:, None, :3, 3] @ pose[:, :3, :3])[:, 0] / half
    origin = torch.as_tensor(eye)[..., None]
    distance = torch.stack(
        [ENTER[p.shape](origin[i, None], direction[i, None])[0] for i, p in enumerate(parts)]
    )
    expected, nearest = (t.view(height, width) for t in distance.min(0))

    depth = rendering.depth[0].double()
    sky = torch.isinf(expected)
    assert 0 < sky.float().mean() < 0.6
    agree = torch.isclose(depth, expected, rtol=1e-4) | (depth.isnan() & sky)
    assert agree.float().mean() > 0.995  # the rest is at rims, by rounding
    moves = torch.tensor([part.motion is not None for part in parts])[nearest] & ~sky
    assert (rendering.moving[0] == moves)[agree].float().mean() > 0.995


@pytest.mark.parametrize("seed", SEEDS)
def test_a_car_keeps_to_its_lane_and_looks_ahead(seed: int) -> None:
    stage = street(seed)
    path = in_a_car(np.random.default_rng(seed), stage, TIMES)
    steps = np.diff(path[:, :3, 3], axis=0)
    speed = np.linalg.norm(steps, axis=-1) * 10
    assert 1.5 < speed.min() <= speed.max() < 13
    assert (np.abs(path[:, 0, 3]) < LENGTH / 2).all()
    assert (np.abs(path[:, 1, 3]) < 3.5).all()
    assert (steps * path[:-1, :3, 2]).sum(-1).min() > 0.6 * np.linalg.norm(steps[0])
    assert (path[:, 2, 3] > 0.5).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_walker_films_from_the_pavement_at_walking_speed(seed: int) -> None:
    stage = street(seed)
    path = on_foot(np.random.default_rng(seed), stage, TIMES)
    x, y, z = path[:, :3, 3].T
    assert stage.floor[2] - 0.1 < y.min() <= y.max() < stage.floor[3] + 0.1
    assert 0.7 < np.abs(x[-1] - x[0]) / TIMES[-1] < 1.7
    assert 1.2 < z.min() <= z.max() < 1.8


@pytest.mark.parametrize("maker", STREET_SHARES)
def test_every_camera_of_the_street_sees_it_from_within(maker: CameraMaker) -> None:
    for seed in range(3):
        path = camera_path(np.random.default_rng(seed), street(seed), TIMES, {maker: 1.0})
        assert path.shape == (len(TIMES), 4, 4)
        assert np.abs(path[:, 0, 3]).max() < LENGTH / 2
        assert 0.3 < path[:, 2, 3].min() <= path[:, 2, 3].max() < 2.0
