"""Whatever is done to a sequence, its truth stays true."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.training.config import StageConfig
from mem4d_ros.training.data.batches import (
    Batch,
    BatchKey,
    collate,
    cut,
    mirrored,
    to_sample,
    training_batch,
    vary_colours,
)
from mem4d_ros.training.data.sequences import StoredSequence
from mem4d_ros.training.losses import Truth

HEIGHT, WIDTH = 4, 6
CPU = torch.device("cpu")


def make_sequence(frames: int, seed: int = 0) -> StoredSequence:
    """A camera on a walk, an off-centre principal point; each frame's first pixel is its number."""
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_rotvec(rng.normal(0, 0.2, (frames, 3))).as_matrix()
    poses[:, :3, 3] = rng.normal(size=(frames, 3))
    images = rng.integers(0, 256, (frames, 3, HEIGHT, WIDTH), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(frames)
    depth = rng.uniform(1, 5, (frames, HEIGHT, WIDTH))
    depth[:, 1, 2] = np.nan
    return StoredSequence(
        images=torch.tensor(images),
        depth=torch.tensor(depth, dtype=torch.float16),
        camera_to_world=torch.tensor(poses, dtype=torch.float32),
        intrinsics=torch.tensor([[7.0, 0, 2.1], [0, 8.0, 1.7], [0, 0, 1]]),
        moving=torch.tensor(rng.random((frames, HEIGHT, WIDTH)) < 0.5),
    )


class Pool:
    """A few made-up sequences."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> StoredSequence:
        return make_sequence(9, seed=index)


def assert_same(a: Batch, b: Batch) -> None:
    torch.testing.assert_close(a.images, b.images, rtol=0, atol=0)
    for field in fields(Truth):
        one, other = getattr(a.truth, field.name), getattr(b.truth, field.name)
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("change", [lambda s: s, mirrored], ids=["as it is", "mirrored"])
def test_points_fall_back_onto_their_pixels(change) -> None:
    """World points, seen by their frame's pose and intrinsics, give pixel and depth again."""
    sequence = change(make_sequence(5))
    truth = to_sample(sequence).truth
    world_to_camera = rigid_inverse(truth.camera_to_world[0])
    points = transform_points(world_to_camera, truth.points_world[0])  # (T, H, W, 3)
    pixels, depth = project(points, sequence.intrinsics.expand(5, 3, 3))
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    valid = truth.valid[0]
    expected = torch.stack((x, y), -1).float().expand(5, -1, -1, -1)
    torch.testing.assert_close(pixels[valid], expected[valid], rtol=0, atol=2e-4)
    torch.testing.assert_close(depth[valid], sequence.depth.float()[valid], rtol=0, atol=1e-5)


def test_unknown_depth_is_not_valid() -> None:
    valid = to_sample(make_sequence(2)).truth.valid
    assert not valid[:, :, 1, 2].any()
    assert valid.sum() == 2 * (HEIGHT * WIDTH - 1)


def test_the_first_camera_is_the_world() -> None:
    sequence = make_sequence(4)
    truth = to_sample(sequence).truth
    torch.testing.assert_close(truth.camera_to_world[0, 0], torch.eye(4), rtol=0, atol=1e-6)
    first = truth.valid[0, 0]
    torch.testing.assert_close(
        truth.points_world[0, 0][first], truth.points_camera[0, 0][first], rtol=0, atol=1e-5
    )
    poses = sequence.camera_to_world.numpy()
    moved = np.linalg.inv(poses[0]) @ poses[3]
    np.testing.assert_allclose(truth.camera_to_world[0, 3], moved, atol=1e-5)


def test_the_field_of_view_is_in_radians() -> None:
    field_of_view = to_sample(make_sequence(2)).truth.field_of_view
    expected = [2 * np.arctan(WIDTH / 2 / 7.0), 2 * np.arctan(HEIGHT / 2 / 8.0)]
    np.testing.assert_allclose(field_of_view[0, 1], expected, rtol=1e-6)


def test_a_mirror_exchanges_left_and_right_in_space() -> None:
    sequence = make_sequence(3)
    plain, seen = to_sample(sequence), to_sample(mirrored(sequence))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(seen.images, plain.images.flip(-1))
    torch.testing.assert_close(
        seen.truth.points_world, plain.truth.points_world.flip(-2) * flip, equal_nan=True
    )
    rotations = seen.truth.camera_to_world[0, :, :3, :3].double()
    torch.testing.assert_close(rotations.det(), torch.ones(3).double())


def test_a_mirror_undoes_itself() -> None:
    sequence = make_sequence(3)
    assert_same(to_sample(mirrored(mirrored(sequence))), to_sample(sequence))


@settings(max_examples=50, deadline=None)
@given(length=st.integers(1, 20), data=st.data())
def test_a_run_keeps_one_pace_in_one_direction(length: int, data: st.DataObject) -> None:
    frames = data.draw(st.integers(1, length))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    sequence = make_sequence(length)
    run = cut(sequence, frames, rng)
    chosen = run.images[:, 0, 0, 0].long()
    assert len(chosen) == frames
    assert len(set(chosen.diff().tolist())) <= 1
    assert frames == 1 or chosen.diff()[0] != 0
    for name in ("images", "camera_to_world", "moving"):
        assert torch.equal(getattr(run, name), getattr(sequence, name)[chosen])


def test_runs_start_everywhere_at_every_pace_in_both_directions() -> None:
    sequence = make_sequence(7)
    found = set()
    for seed in range(300):
        first, second = cut(sequence, 2, np.random.default_rng(seed)).images[:, 0, 0, 0].tolist()
        found.add((first, second))
    assert found == {(a, b) for a in range(7) for b in range(7) if a != b}


def test_the_same_key_gives_the_same_batch() -> None:
    stage = StageConfig(1, frames=(2, 5), batch=3)
    key = BatchKey(seed=1, step=2, rank=3)
    assert_same(training_batch(Pool(), stage, key, CPU), training_batch(Pool(), stage, key, CPU))


def test_every_part_of_the_key_counts() -> None:
    stage = StageConfig(1, frames=(3, 3), batch=4)
    keys = [BatchKey(0, 0), BatchKey(1, 0), BatchKey(0, 1), BatchKey(0, 0, rank=1)]
    batches = [training_batch(Pool(), stage, key, CPU).images for key in keys]
    for i, one in enumerate(batches):
        assert all(not torch.equal(one, other) for other in batches[i + 1 :])


def test_processes_draw_sequences_of_one_length() -> None:
    stage = StageConfig(1, frames=(1, 9), batch=1)
    lengths = [
        {training_batch(Pool(), stage, BatchKey(0, step, r), CPU).images.shape[1] for r in range(4)}
        for step in range(20)
    ]
    assert all(len(of_one_step) == 1 for of_one_step in lengths)
    assert len(set.union(*lengths)) > 5


def test_collating_keeps_each_sample() -> None:
    samples = [to_sample(make_sequence(2, seed)) for seed in range(3)]
    batch = collate(samples)
    assert batch.images.shape == (3, 2, 3, HEIGHT, WIDTH)
    for i, sample in enumerate(samples):
        picked = {f.name: getattr(batch.truth, f.name)[i : i + 1] for f in fields(Truth)}
        assert_same(Batch(batch.images[i : i + 1], Truth(**picked)), sample)


def test_colours_change_for_a_whole_sequence_at_once() -> None:
    one_frame = torch.rand(200, 1, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    varied = vary_colours(one_frame.expand(-1, 4, -1, -1, -1), np.random.default_rng(0))
    assert torch.equal(varied, varied[:, :1].expand_as(varied))
    assert varied.min() >= 0
    assert varied.max() <= 1
    is_grey = (varied == varied[:, :, :1]).flatten(1).all(1)
    assert 0.03 < is_grey.float().mean() < 0.2
    brightness = varied.mean((1, 2, 3, 4)) / one_frame.mean((1, 2, 3, 4))
    assert 0.1 < brightness.log().std() < 0.4


def test_colours_keep_the_order_of_brightness() -> None:
    ramp = torch.linspace(0, 1, 64).reshape(1, 1, 1, 8, 8).expand(50, 2, 3, 8, 8)
    varied = vary_colours(ramp, np.random.default_rng(0)).flatten(3)
    assert (varied.diff(dim=-1) >= 0).all()
