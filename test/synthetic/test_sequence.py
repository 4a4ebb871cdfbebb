from __future__ import annotations

import pytest
import torch

from mem4d_ros.geometry import project, rigid_inverse, transform_points, unproject
from mem4d_ros.synthetic import (
    CameraEffects,
    SequenceSettings,
    SyntheticSequence,
    render_sequence,
)
from mem4d_ros.synthetic.cameras.paths import hand_held
from mem4d_ros.synthetic.cameras.street_paths import in_a_car, on_foot
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.places.street import make_street
from mem4d_ros.synthetic.settings import ROOM, STREET, Place

FRAMES, HEIGHT, WIDTH = 6, 60, 80
IN_A_ROOM = Place(make_room, {hand_held: 1.0})
ON_A_PAVEMENT = Place(make_street, {on_foot: 1.0})
ON_A_ROAD = Place(make_street, {in_a_car: 1.0})


def clean(*places: Place) -> SequenceSettings:
    """A camera without effects, two bodies."""
    return SequenceSettings(
        frame_rate=(10.0, 10.0), bodies=(2, 2), places=places, effects=lambda rng: CameraEffects()
    )


@pytest.fixture(
    scope="module",
    params=[(3, IN_A_ROOM), (4, IN_A_ROOM), (9, IN_A_ROOM), (3, ON_A_PAVEMENT), (6, ON_A_ROAD)],
    ids=["room-3", "room-4", "room-9", "pavement-3", "road-6"],
)
def sequence(request: pytest.FixtureRequest) -> SyntheticSequence:
    seed, place = request.param
    return render_sequence(seed, FRAMES, HEIGHT, WIDTH, settings=clean(place))


def test_shapes_types_and_ranges(sequence: SyntheticSequence) -> None:
    shapes = {
        "images": (FRAMES, 3, HEIGHT, WIDTH),
        "depth": (FRAMES, HEIGHT, WIDTH),
        "points_world": (FRAMES, HEIGHT, WIDTH, 3),
        "points_camera": (FRAMES, HEIGHT, WIDTH, 3),
        "camera_to_world": (FRAMES, 4, 4),
        "intrinsics": (FRAMES, 3, 3),
        "scene_flow_world": (FRAMES, HEIGHT, WIDTH, 3),
        "moving": (FRAMES, HEIGHT, WIDTH),
    }
    for name, shape in shapes.items():
        tensor = getattr(sequence, name)
        assert tensor.shape == shape, name
        assert tensor.dtype == (torch.bool if name == "moving" else torch.float32), name
    assert sequence.images.min() >= 0
    assert sequence.images.max() <= 1
    seen = sequence.depth.isfinite()
    assert seen.float().mean() > 0.5  # the rest is sky
    assert sequence.depth[seen].min() > 0
    assert sequence.depth[seen].max() < 110


def test_a_room_is_closed_and_a_street_is_open_to_the_sky() -> None:
    room, street = (
        render_sequence(5, 2, HEIGHT, WIDTH, settings=clean(place)).depth
        for place in (IN_A_ROOM, ON_A_ROAD)
    )
    assert room.isfinite().all()
    assert room.max() < 10
    assert street.isnan().any()
    assert street.nan_to_num(0).max() > 30


def test_where_there_is_no_depth_there_are_no_points_and_nothing_moves(
    sequence: SyntheticSequence,
) -> None:
    sky = sequence.depth.isnan()
    assert torch.equal(sequence.points_world.isnan().all(-1), sky)
    assert torch.equal(sequence.points_camera.isnan().any(-1), sky)
    assert not sequence.moving[sky].any()
    assert sequence.scene_flow_world.isfinite().all()
    assert sequence.images.isfinite().all()


def test_the_first_camera_is_the_world(sequence: SyntheticSequence) -> None:
    assert torch.equal(sequence.camera_to_world[0], torch.eye(4))
    torch.testing.assert_close(
        sequence.points_world[0], sequence.points_camera[0], atol=0, rtol=0, equal_nan=True
    )


def test_unprojected_depth_moved_by_the_pose_is_the_pointmap(sequence: SyntheticSequence) -> None:
    points_camera = unproject(sequence.depth, sequence.intrinsics)
    torch.testing.assert_close(
        points_camera, sequence.points_camera, atol=1e-5, rtol=1e-5, equal_nan=True
    )
    points_world = transform_points(sequence.camera_to_world, points_camera)
    torch.testing.assert_close(
        points_world, sequence.points_world, atol=2e-5, rtol=1e-5, equal_nan=True
    )


def test_what_moves_is_exactly_what_flows(sequence: SyntheticSequence) -> None:
    assert torch.equal(sequence.moving, (sequence.scene_flow_world != 0).any(-1))
    assert sequence.scene_flow_world.norm(dim=-1).max() < 2.5  # m in 0.1 s: the top of a wheel


def seen_from(
    sequence: SyntheticSequence, target: int, points_world: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points (H, W, 3) in frame `target`: the image there, depth there, own depth, is it inside?"""
    points = transform_points(rigid_inverse(sequence.camera_to_world[target]), points_world)
    pixels, depth = project(points, sequence.intrinsics[target])
    scale = torch.tensor([WIDTH / 2, HEIGHT / 2])
    grid = ((pixels + 0.5) / scale - 1)[None]
    inside = (depth > 0.1) & (grid[0].abs() < 0.98).all(-1)
    # On a plane it is the inverse of depth that may be interpolated between pixels.
    stack = torch.cat([sequence.images[target], 1 / sequence.depth[target][None]])[None]
    sampled = torch.nn.functional.grid_sample(stack, grid, align_corners=False)[0]
    return sampled[:3], 1 / sampled[3], depth, inside


@pytest.mark.parametrize("target", [1, 5])
def test_static_pixels_reproduce_the_depth_and_colour_of_another_frame(
    sequence: SyntheticSequence, target: int
) -> None:
    colour, there, expected, inside = seen_from(sequence, target, sequence.points_world[0])
    static = inside & ~sequence.moving[0] & there.isfinite()
    visible = static & (there > 0.95 * expected)  # nothing has come in front
    assert inside.float().mean() > 0.25
    assert visible[static].float().mean() > 0.85
    depth_error = ((there - expected).abs() / expected)[visible]
    assert depth_error.quantile(0.85) < 0.01  # the rest straddles edges
    # Resampling a fine texture blurs it: colours agree as means over 4x4 pixels.
    means = torch.nn.functional.avg_pool2d(colour - sequence.images[0], 4).abs().amax(0)
    whole = torch.nn.functional.avg_pool2d(visible.float()[None], 4)[0] == 1
    assert means[whole].median() < 0.05
    assert means[whole].quantile(0.9) < 0.12


def test_moving_pixels_reproduce_the_next_frame_once_the_flow_is_added(
    sequence: SyntheticSequence,
) -> None:
    moved = sequence.points_world[0] + sequence.scene_flow_world[0]
    _, there, expected, inside = seen_from(sequence, 1, moved)
    error = ((there - expected).abs() / expected)[inside & there.isfinite()]
    assert error.quantile(0.8) < 0.01


@pytest.mark.parametrize("place", [ROOM, STREET], ids=["room", "street"])
def test_the_same_seed_gives_the_same_bytes(place: Place) -> None:
    settings = SequenceSettings(places=(place,))
    first, second = (render_sequence(7, 2, 48, 64, settings=settings) for _ in range(2))
    for name, value in vars(first).items():
        if isinstance(value, torch.Tensor):
            other = getattr(second, name)
            assert torch.equal(value.nan_to_num(-1), other.nan_to_num(-1)), name
    assert first.frame_rate == second.frame_rate


def test_another_seed_gives_another_scene() -> None:
    first, second = (
        render_sequence(seed, 1, 48, 64, settings=clean(IN_A_ROOM)).depth for seed in (7, 8)
    )
    assert ((first - second).abs() > 0.01).float().mean() > 0.9


@pytest.mark.parametrize(("height", "width"), [(2, 2), (33, 47), (64, 48)])
def test_any_size_renders(height: int, width: int) -> None:
    sequence = render_sequence(1, 1, height, width)
    assert sequence.images.shape == (1, 3, height, width)
    assert torch.isfinite(sequence.images).all()


def test_places_are_drawn_by_their_shares() -> None:
    never = Place(make_street, {in_a_car: 1.0}, share=0.0)
    settings = SequenceSettings(places=(never, IN_A_ROOM))
    assert all(
        render_sequence(seed, 1, 9, 12, settings=settings).depth.isfinite().all()
        for seed in range(4)
    )


@pytest.mark.parametrize(("frames", "height", "width"), [(0, 48, 64), (2, 1, 64), (2, 48, 0)])
def test_impossible_sizes_are_named(frames: int, height: int, width: int) -> None:
    with pytest.raises(ValueError, match=f"{frames} frames of {width}x{height}"):
        render_sequence(1, frames, height, width)
