from __future__ import annotations

import numpy as np
import pytest
from mesh_scenes import (
    ROOM_HIGH,
    ROOM_LOW,
    WHITE,
    box,
    image_file,
    room,
    room_distance,
)

from mem4d_ros.geometry import pixel_rays
from mem4d_ros.synthetic.meshes.cameras import pose
from mem4d_ros.synthetic.meshes.film import FARTHEST, View, depth_only, take
from mem4d_ros.synthetic.meshes.lights import Lights, light_up
from mem4d_ros.synthetic.meshes.looks import plain_look
from mem4d_ros.synthetic.meshes.mesh import prepare
from mem4d_ros.synthetic.meshes.packed import Material, PackedMesh
from mem4d_ros.synthetic.meshes.shading import Stage
from mem4d_ros.synthetic.meshes.tracing import make_layer

pytest.importorskip("embreex")

BLACK_SKY = np.zeros((8, 16, 3), np.float32)
NOTHING = np.zeros(3, np.float32)
VIEWS = [(-2.0, 0.3, 0.1, 0.0), (-1.5, -1.0, -0.4, 0.3), (-0.5, 2.0, 0.5, -1.2)]


def view(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, x: float = -2.0) -> View:
    intrinsics = np.array(((70.0, 0, 31.5), (0, 71.0, 22.0), (0, 0, 1)))
    return View(pose(np.array((x, 0.2, 1.4)), yaw, pitch, roll), intrinsics, (48, 64))


def stage(mesh: PackedMesh, lights: Lights) -> Stage:
    prepared = prepare(mesh)
    return Stage((make_layer(prepared),), (plain_look(prepared),), lights)


def lamp(place: tuple[float, float, float], strength: float = 1.0) -> Lights:
    points = np.array([place], np.float32)
    return light_up([(points, strength * np.ones(3), False)], BLACK_SKY, NOTHING)


@pytest.mark.parametrize(("x", "yaw", "pitch", "roll"), VIEWS)
def test_depth_is_the_closed_form_at_pixel_centres(
    x: float, yaw: float, pitch: float, roll: float
) -> None:
    camera = view(yaw, pitch, roll, x)
    rays = pixel_rays(camera.intrinsics, *camera.size).reshape(-1, 3)
    directions = rays @ camera.camera_to_world[:3, :3].T
    origins = np.broadcast_to(camera.camera_to_world[:3, 3], directions.shape)
    expected = room_distance(origins, directions).reshape(camera.size)
    frame = take(stage(room(), lamp((0, 0, 2.5))), camera)
    close = np.abs(frame.depth - expected) < 1e-3
    assert close.mean() > 0.999  # a ray along an edge may hit either side of it
    np.testing.assert_array_equal(
        depth_only((make_layer(prepare(room())),), camera), np.nan_to_num(frame.depth)
    )


def floor(size: float) -> PackedMesh:
    return box(np.array((-size, -size, -1.0)), np.array((size, size, 0.0)))


def test_the_sky_is_infinitely_far_and_has_its_own_colour() -> None:
    sky = np.zeros((8, 16, 3), np.float32)
    sky[:4] = (0.2, 0.4, 0.8)
    frame = take(stage(floor(500), light_up([], sky, NOTHING)), view(pitch=0.0))
    assert (frame.depth[:22] == np.inf).all()
    np.testing.assert_allclose(frame.radiance[5, 30], (0.2, 0.4, 0.8), rtol=1e-5)
    assert (frame.layer[:22] == -1).all()


def test_what_is_too_far_is_as_far_as_the_sky() -> None:
    camera = view()
    long = View(camera.camera_to_world, camera.intrinsics * ((5,), (5,), (1,)), (240, 320))
    frame = take(stage(floor(5000), lamp((0, 0, 2))), long)
    ground = 1.4 * 71 * 5 / (np.arange(111, 240) - 110)  # m, of the rows under the horizon
    expected = np.where(ground < FARTHEST, ground, np.inf)
    np.testing.assert_allclose(frame.depth[111:, 160], expected, rtol=1e-3)
    assert (frame.layer[111:] == 0).all()


def test_a_lamp_lights_a_white_floor_as_lambert_says() -> None:
    down = View(
        pose(np.array((0.0, 0.0, 1.0)), 0.0, -np.pi / 2, 0.0),
        np.array(((40.0, 0, 20), (0, 40.0, 20), (0, 0, 1))),
        (41, 41),
    )
    height = 2.0
    lights = lamp((0, 0, height), 3.0)
    frame = take(stage(floor(50), lights), down)
    away = np.hypot(*np.meshgrid(np.arange(-20, 21), np.arange(-20, 21))) / 40  # m on the floor
    squared = away**2 + height**2
    cosine = height / np.sqrt(squared)
    downwards = 0.35 + 0.65 * cosine
    expected = 0.95 * 3.0 * cosine * downwards / (squared + 0.35**2)
    np.testing.assert_allclose(frame.radiance[..., 0], expected, rtol=5e-3)


def test_a_thing_throws_a_shadow_where_it_hides_the_sun() -> None:
    wall = box(np.array((0.0, -5, 0)), np.array((0.1, 5, 1.0)))
    mesh = prepare(wall)
    ground = prepare(floor(50))
    low_sun = np.array([[1.0, 0, 1]]) / np.sqrt(2)
    lights = light_up([(low_sun, np.ones(3), True)], BLACK_SKY, NOTHING)
    both = Stage(
        (make_layer(ground), make_layer(mesh)), (plain_look(ground), plain_look(mesh)), lights
    )
    down = View(
        pose(np.array((-1.0, 0.0, 3.0)), 0.0, -np.pi / 2, 0.0),
        np.array(((30.0, 0, 30), (0, 30.0, 30), (0, 0, 1))),
        (61, 61),
    )
    frame = take(both, down)
    points = pixel_rays(down.intrinsics, 61, 61) * frame.depth[..., None]
    x = (points @ down.camera_to_world[:3, :3].T + down.camera_to_world[:3, 3])[..., 0]
    lit = frame.radiance[..., 0]
    on_floor = frame.layer == 0
    assert lit[on_floor & (x > -0.9) & (x < -0.1)].max() < 0.2  # reflected light only
    assert lit[on_floor & (x < -1.1)].min() > 0.6


def test_a_closed_white_room_is_lit_from_all_around() -> None:
    shade = take(stage(box(ROOM_LOW, ROOM_HIGH), light_up([], BLACK_SKY, np.ones(3))), view())
    np.testing.assert_allclose(shade.radiance, 0.95 * 1.0, rtol=0.08)


def test_texture_is_seen_from_near_and_its_mean_from_far() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[::2] = 255
    striped = Material((0, 0, 0), "", 0, False)
    mesh = box(np.array((2.0, -1, -1)), np.array((3.0, 1, 1)), striped, image)
    mesh = PackedMesh(**{**vars(mesh), "textures": (image_file(image),)})
    lights = light_up([], np.ones((8, 16, 3), np.float32), NOTHING)
    intrinsics = np.array(((200.0, 0, 20), (0, 200.0, 20), (0, 0, 1)))
    near = take(
        stage(mesh, lights), View(pose(np.array((1.7, 0, 0)), 0, 0, 0), intrinsics, (41, 41))
    )
    far = take(
        stage(mesh, lights), View(pose(np.array((-30.0, 0, 0)), 0, 0, 0), intrinsics, (41, 41))
    )
    assert near.radiance.std() > 0.2
    seen = far.radiance[far.layer == 0]
    assert seen.std() < 0.05
    np.testing.assert_allclose(seen.mean(), 0.25, atol=0.06)  # the middle grey of gamma 2


def test_white_is_the_brightest_surface() -> None:
    assert WHITE.rgb == (255, 255, 255)
    frame = take(stage(floor(50), light_up([], np.ones((8, 16, 3), np.float32), NOTHING)), view())
    ground = frame.radiance[40]
    np.testing.assert_allclose(ground, 0.95, rtol=0.03)  # under an even sky
