from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import fov_to_intrinsics, pixel_rays
from mem4d_ros.synthetic.cameras.paths import look_at
from mem4d_ros.synthetic.rendering.render import Rendering, render
from mem4d_ros.synthetic.scene.motion import Shuttle, Spin
from mem4d_ros.synthetic.scene.primitives import Shape
from mem4d_ros.synthetic.scene.scene import (
    Material,
    Part,
    PointLight,
    Scene,
    box,
    ellipsoid,
    sun,
    translation,
)
from mem4d_ros.synthetic.scene.sky import Sky
from mem4d_ros.synthetic.textures.library import standard_library

HEIGHT, WIDTH = 36, 50
INTRINSICS = fov_to_intrinsics(np.array([1.2, 0.95]), HEIGHT, WIDTH)
PLAIN = Material(texture=standard_library().members["plaster"][0])
LIGHT = PointLight((1.0, -1.0, 3.0), (2.0, 2.0, 2.0))
# In the scene's z-up frame, looking along +y.
LEVEL = look_at(np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 1.0, 1.0]]))


def shoot(*parts: Part, cameras: np.ndarray = LEVEL, rate: float = 10.0) -> Rendering:
    scene = Scene(parts, (LIGHT,), (0.3, 0.3, 0.3), (0.3, 0.3, 0.3))
    times = np.arange(len(cameras)) / rate
    return render(scene, cameras, times, INTRINSICS, (HEIGHT, WIDTH), standard_library())


def closed_form(part: Part, camera: np.ndarray) -> np.ndarray:
    """Depth (H, W) of one part in double precision, by the geometry of each shape."""
    pose = np.linalg.inv(camera) @ part.pose
    rays = pixel_rays(INTRINSICS, HEIGHT, WIDTH) @ pose[:3, :3]
    eye = -pose[:3, 3] @ pose[:3, :3]
    a, b, c = part.half_size
    with np.errstate(invalid="ignore", divide="ignore"):
        candidates = []
        if part.shape == Shape.ELLIPSOID:
            candidates.append(quadratic(rays / [a, b, c], eye / [a, b, c]))
        if part.shape == Shape.CYLINDER:
            side = quadratic(rays[..., :2] / [a, b], eye[:2] / [a, b])
            candidates.append(np.where(np.abs(eye[2] + side * rays[..., 2]) <= c, side, np.inf))
        faces = {Shape.BOX: (0, 1, 2), Shape.CYLINDER: (2,), Shape.ELLIPSOID: ()}[part.shape]
        for axis in faces:
            for side in (-1, 1):
                plane = (side * part.half_size[axis] - eye[axis]) / rays[..., axis]
                point = (eye + plane[..., None] * rays) / part.half_size
                others = [i for i in range(3) if i != axis]
                if part.shape == Shape.BOX:
                    within = np.abs(point[..., others]).max(-1) <= 1
                else:
                    within = np.hypot(point[..., 0], point[..., 1]) <= 1
                candidates.append(np.where(within & (plane > 0), plane, np.inf))
    return np.min(np.nan_to_num(candidates, nan=np.inf, posinf=np.inf), axis=0)


def quadratic(ray: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """The smaller root of |eye + t·ray|² = 1, NaN where there is none."""
    square, product = (ray**2).sum(-1), ray @ eye
    return (-product - np.sqrt(product**2 - square * (eye @ eye - 1))) / square


@pytest.mark.parametrize("shape", Shape)
def test_depth_is_the_distance_to_the_primitive_in_closed_form(shape: Shape) -> None:
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec([0.4, -0.7, 1.1]).as_matrix()
    pose[:3, 3] = 0.2, 2.5, 1.1
    part = Part(shape, (0.7, 0.5, 0.6), pose, PLAIN)
    depth = shoot(part).depth[0].double().numpy()
    expected = closed_form(part, LEVEL[0])
    hit = np.isfinite(expected)
    assert 0.05 < hit.mean() < 0.8
    differing = hit != np.isfinite(depth)
    assert differing.sum() <= 2  # at the very rim, by rounding
    both = hit & ~differing
    np.testing.assert_allclose(depth[both], expected[both], rtol=2e-5)


def test_a_wall_two_metres_ahead_is_two_metres_deep_everywhere() -> None:
    depth = shoot(box((20, 1, 20), (0, 2.5, 0), PLAIN)).depth
    torch.testing.assert_close(depth, torch.full((1, HEIGHT, WIDTH), 2.0))


def test_where_there_is_nothing_depth_is_nan_and_nothing_moves() -> None:
    rendering = shoot(box((1, 1, 1), (0, -5, 1), PLAIN))
    assert rendering.depth.isnan().all()
    assert rendering.points_world.isnan().all()
    assert not rendering.moving.any()


def test_flow_is_the_motion_of_the_body_in_world_axes() -> None:
    """A box slides 0.3 m to the right (+x of a level camera) between two frames."""
    start, end = (0.0, 0.0, 0.0), (0.3, 0.0, 0.0)
    slide = Shuttle(start, end, period=0.2)
    still = box((20, 1, 20), (0, 4.5, 0), PLAIN)
    body = box((0.5, 0.5, 0.5), (0, 2.5, 1), PLAIN)
    moving = Part(body.shape, body.half_size, body.pose, PLAIN, motion=slide)
    rendering = shoot(still, moving, cameras=LEVEL.repeat(2, 0))
    on_body = rendering.depth[0] < 3
    assert torch.equal(rendering.moving[0], on_body)
    expected = torch.tensor([0.3, 0.0, 0.0]).expand(int(on_body.sum()), 3)
    torch.testing.assert_close(rendering.scene_flow_world[0][on_body], expected)
    pixels = rendering.image_flow[0][on_body]
    focal = float(INTRINSICS[0, 0])
    torch.testing.assert_close(pixels[:, 0], focal * 0.3 / rendering.depth[0][on_body])


def test_a_spinning_ball_flows_about_its_axis() -> None:
    ball = ellipsoid((1.0, 1.0, 1.0), (0, 0, 0), PLAIN)
    pose = np.eye(4)
    pose[:3, 3] = 0, 3, 1
    spin = Spin((0.0, 3.0, 1.0), axis=2, rate=0.5)
    part = Part(ball.shape, ball.half_size, pose, PLAIN, motion=spin)
    rendering = shoot(part)
    hit = rendering.depth[0].isfinite()
    # In the camera's axes the centre is (0, 0, 3) and the scene's up is -y. A single frame is
    # followed after 1/30 s.
    turn = torch.as_tensor(Rotation.from_rotvec([0, -0.5 / 30, 0]).as_matrix()).float()
    arm = rendering.points_world[0][hit] - torch.tensor([0.0, 0.0, 3.0])
    torch.testing.assert_close(
        rendering.scene_flow_world[0][hit], arm @ turn.T - arm, atol=1e-6, rtol=1e-4
    )


def test_shadows_fall_where_the_lamp_is_hidden() -> None:
    """A wall, and a plate before its lamp: what the plate hides gets ambient light only."""
    wall = box((20, 1, 20), (0, 4.5, 0), PLAIN)
    plate = box((0.6, 0.02, 0.6), (0.5, 1.5, 2.0), PLAIN)
    with_plate = shoot(wall, plate).radiance[0, ..., 0]
    without = shoot(wall).radiance[0, ..., 0]
    rays = pixel_rays(INTRINSICS, HEIGHT, WIDTH)
    on_wall = np.stack([4 * rays[..., 0], np.full((HEIGHT, WIDTH), 4.0), 1 - 4 * rays[..., 1]], -1)
    lamp = np.array(LIGHT.position)
    crossing = lamp + (on_wall - lamp) * ((1.5 - lamp[1]) / (4.0 - lamp[1]))
    off = np.abs(crossing - [0.5, 1.5, 2.0])[..., [0, 2]].max(-1)
    hidden, free = torch.as_tensor(off < 0.27), torch.as_tensor(off > 0.33)
    plain = torch.as_tensor((shoot(wall, plate).depth[0] > 3.9).numpy())
    assert (hidden & plain).sum() > 20
    assert (with_plate < 0.9 * without)[hidden & plain].all()
    # Besides its shadow the plate changes no more than the ambient light next to it.
    torch.testing.assert_close(with_plate[free & plain], without[free & plain], rtol=0.15, atol=0.0)


def test_the_sun_throws_parallel_shadows() -> None:
    """A pole 2 m high under a sun of 45°: its shadow ends 2 m from its foot."""
    ground = box((40, 40, 0.2), (0, 0, -0.1), PLAIN)
    ground = Part(ground.shape, ground.half_size, ground.pose, PLAIN, casts_shadow=False)
    pole = box((0.1, 0.1, 2.0), (-1.5, 6.0, 1.0), PLAIN)
    light = sun(azimuth=np.pi, elevation=np.pi / 4, irradiance=(3.0, 3.0, 3.0))  # from -x
    scene = Scene((ground, pole), (light,), (0.1, 0.1, 0.1), (0.1, 0.1, 0.1))
    above = np.array([[0.0, 5.9, 6.0]])
    camera = look_at(above, above + [0.0, 0.02, -1.0])
    size = (120, 120)
    intrinsics = fov_to_intrinsics(np.array([0.8, 0.8]), *size)
    rendering = render(scene, camera, np.zeros(1), intrinsics, size, standard_library())
    points = rendering.points_camera[0].double().numpy() @ camera[0, :3, :3].T + above[0]
    dark = rendering.radiance[0, ..., 0].numpy() < 0.5
    x, y, z = np.moveaxis(points, -1, 0)
    on_ground = z < 0.01
    in_shadow = (np.abs(y - 6.0) < 0.05) & (x > -1.45) & (x < 0.55)
    rim = (np.abs(np.abs(y - 6.0) - 0.05) < 0.03) | (np.abs(x - 0.5) < 0.07)
    sure = on_ground & ~rim & (x > -1.4)
    assert (dark & sure).sum() > 30
    np.testing.assert_array_equal(dark[sure], in_shadow[sure])
    radiance = rendering.radiance[0, ..., 0].numpy()
    left, right = (radiance[sure & ~dark & side].mean() for side in (x < 0, x > 0))
    assert left / right == pytest.approx(1.0, abs=0.03)  # as bright here as there


@pytest.mark.parametrize("sign", [1.0, -1.0])  # textures may be mirrored
def test_fine_textures_fade_to_their_mean_in_the_distance(sign: float) -> None:
    """Tiles of 0.1 m, 0.2 pixels wide: anything but grey would flicker from frame to frame."""
    texture = standard_library().members["checks"][0]
    material = Material(texture, tiles_per_metre=(sign * 10.0, sign * 10.0))
    wall = box((200, 1, 200), (0, 20.5, 0), material)
    unlit = PointLight((0, 0, 0), (0, 0, 0))
    scene = Scene((wall,), (unlit,), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    size = INTRINSICS, (HEIGHT, WIDTH), standard_library()
    far = render(scene, LEVEL, np.zeros(1), *size).radiance[..., 0]
    at_the_wall = LEVEL @ translation(0, 0, 19.9)
    near = render(scene, at_the_wall, np.zeros(1), *size).radiance[..., 0]
    assert far.std() < 0.02 * far.mean()
    assert near.std() > 0.1 * near.mean()


def test_rays_that_meet_nothing_see_the_sky() -> None:
    sky = Sky(horizon=(0.5, 0.6, 0.7), zenith=(0.1, 0.2, 0.9))
    scene = Scene((box((1, 1, 1), (0, -5, 1), PLAIN),), (LIGHT,), (1, 1, 1), (1, 1, 1), sky)
    rendering = render(scene, LEVEL, np.zeros(1), INTRINSICS, (HEIGHT, WIDTH), standard_library())
    directions = pixel_rays(INTRINSICS, HEIGHT, WIDTH) @ LEVEL[0, :3, :3].T
    expected = sky.radiance(torch.as_tensor(directions).float().flatten(0, 1), standard_library())
    torch.testing.assert_close(rendering.radiance[0].flatten(0, 1), expected)


def test_chunks_of_frames_give_what_all_frames_give_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cameras = LEVEL.repeat(5, 0)
    cameras[:, 0, 3] = np.linspace(0, 0.4, 5)
    parts = (box((20, 1, 20), (0, 4.5, 0), PLAIN), ellipsoid((1, 1, 1), (0, 3, 1), PLAIN))
    whole = shoot(*parts, cameras=cameras)
    monkeypatch.setattr(
        "mem4d_ros.synthetic.rendering.render._pixels_at_once", lambda _: 2 * HEIGHT * WIDTH
    )
    chunked = shoot(*parts, cameras=cameras)
    for name in ("radiance", "depth", "points_world", "image_flow"):
        torch.testing.assert_close(getattr(whole, name), getattr(chunked, name))
