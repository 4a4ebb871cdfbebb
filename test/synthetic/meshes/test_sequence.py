from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mesh_scenes import ROOM, write_scenes

from mem4d_ros.geometry import project, transform_points, unproject
from mem4d_ros.synthetic.meshes import (
    HELD_OUT,
    CorruptMesh,
    MeshSequence,
    held_out_places,
    render_mesh_sequence,
    training_places,
)
from mem4d_ros.synthetic.meshes.catalogue import PLACES, place
from mem4d_ros.synthetic.meshes.plan import Plan, plan_sequence

pytest.importorskip("embreex")

FRAMES, HEIGHT, WIDTH = 4, 48, 64


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenes(tmp_path_factory.mktemp("scenes"))


def sequence(scenes: Path, seed: int) -> MeshSequence:
    return render_mesh_sequence(seed, scenes, FRAMES, HEIGHT, WIDTH, (ROOM,))


@pytest.fixture(scope="module")
def several(scenes: Path) -> list[MeshSequence]:
    return [sequence(scenes, seed) for seed in range(12)]


def test_shapes_and_types(several: list[MeshSequence]) -> None:
    for one in several:
        expected = {
            "images": (np.uint8, (FRAMES, 3, HEIGHT, WIDTH)),
            "depth": (np.float16, (FRAMES, HEIGHT, WIDTH)),
            "camera_to_world": (np.float32, (FRAMES, 4, 4)),
            "intrinsics": (np.float32, (3, 3)),
            "moving": (np.bool_, (FRAMES, HEIGHT, WIDTH)),
        }
        assert {n: (v.dtype.type, v.shape) for n, v in vars(one).items()} == expected
        np.testing.assert_array_equal(one.camera_to_world[0], np.eye(4))


def test_a_seed_gives_the_same_bytes_and_another_does_not(
    scenes: Path, several: list[MeshSequence]
) -> None:
    again = sequence(scenes, 3)
    for name, value in vars(several[3]).items():
        np.testing.assert_array_equal(value, getattr(again, name), err_msg=name)
    assert not np.array_equal(several[3].images, several[4].images)


def test_still_points_are_met_again_in_the_next_frame(several: list[MeshSequence]) -> None:
    met = []
    for one in several:
        depth = one.depth.astype(np.float32)
        points = transform_points(one.camera_to_world, unproject(depth, one.intrinsics))
        for t in range(FRAMES - 1):
            inverse = np.linalg.inv(one.camera_to_world[t + 1])
            pixels, expected = project(transform_points(inverse, points[t]), one.intrinsics)
            column, row = np.nan_to_num(pixels, nan=-1).round().astype(int).T.swapaxes(1, 2)
            inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
            chosen = inside & ~one.moving[t] & (expected > 0)
            found = depth[t + 1][row[chosen], column[chosen]]
            met.append(np.abs(found / expected[chosen] - 1) < 0.03)
    assert np.concatenate(met).mean() > 0.9  # the others went behind an edge


def test_moving_is_where_a_moving_body_is_seen(scenes: Path) -> None:
    moving_pixels = 0
    for seed in range(12):
        plan = plan_sequence(seed, scenes, FRAMES, (HEIGHT, WIDTH), (ROOM,))
        one = sequence(scenes, seed)
        seen = np.zeros_like(one.moving)
        if plan.movers is not None:
            depth = one.depth.astype(np.float32)
            first = plan.camera_to_world[0]
            points = transform_points(one.camera_to_world, unproject(depth, one.intrinsics))
            points = transform_points(first, points)  # in the room
            for t in range(FRAMES):
                for body in np.flatnonzero(plan.movers.moves[t]):
                    own = np.linalg.inv(plan.movers.poses[t, body])
                    local = transform_points(own, points[t])
                    outside = np.maximum(
                        np.abs(local[..., :2]).max(-1) - 0.15, np.abs(local[..., 2] - 0.4) - 0.4
                    )
                    seen[t] |= np.abs(outside) < 0.004 * np.maximum(depth[t], 1)
        differ = (seen != one.moving) & ~near_floor(one, plan)
        assert differ.mean() < 0.002
        moving_pixels += int(one.moving.sum())
    assert moving_pixels > 500


def near_floor(one: MeshSequence, plan: Plan) -> np.ndarray:
    """Where a body's lower edge and the floor it stands on are the same place."""
    points = unproject(one.depth.astype(np.float32), one.intrinsics)
    points = transform_points(plan.camera_to_world[0] @ one.camera_to_world, points)
    return points[..., 2] < 0.02


def test_images_are_exposed(several: list[MeshSequence]) -> None:
    means = np.array([one.images.mean() for one in several])
    assert means.min() > 30
    assert means.max() < 225


def test_held_out_places_are_never_drawn_for_training() -> None:
    assert len(HELD_OUT) == 2
    assert {entry.name for entry in held_out_places()} == set(HELD_OUT)
    trained = {entry.name for entry in training_places()}
    assert trained.isdisjoint(HELD_OUT)
    assert trained | set(HELD_OUT) == {entry.name for entry in PLACES}


def test_three_quarters_of_the_training_sequences_are_indoors() -> None:
    everywhere = sum(place.share for place in training_places())
    indoors = sum(place.share for place in training_places() if not place.outdoor)
    assert indoors / everywhere == pytest.approx(0.75, abs=0.02)


def test_a_seed_asks_for_training_places_only(tmp_path: Path) -> None:
    for seed in range(40):
        with pytest.raises(CorruptMesh, match="is missing") as raised:
            render_mesh_sequence(seed, tmp_path, FRAMES, HEIGHT, WIDTH)
        assert not any(name in str(raised.value) for name in HELD_OUT)


def test_an_unknown_place_is_named() -> None:
    with pytest.raises(ValueError, match="there is no place 'castle'; there are aws_bookstore"):
        place("castle")
