"""Errors on held-out scenes, for a model whose errors are known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from oracle import Room, room
from small_networks import SMALL_VIT, small_model
from torch import Tensor

from mem4d_ros.evaluation.depth import DepthErrors, PixelErrors
from mem4d_ros.evaluation.trajectory import TrajectoryErrors
from mem4d_ros.geometry import intrinsics_to_fov, matrix_to_quaternion
from mem4d_ros.model import FrameOutput
from mem4d_ros.training.data.batches import as_clip
from mem4d_ros.training.data.clips import truth_of
from mem4d_ros.training.data.sequences import StoredSequence
from mem4d_ros.training.held_out import (
    HeldOutErrors,
    SequenceErrors,
    evaluate_held_out,
    sequence_errors,
    summary,
)
from mem4d_ros.training.workers import Workers

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pool() -> list[StoredSequence]:
    """Three walks through a room, in the last of which a quarter of the pixels count as moving."""
    truth = room(frames=7, height=32, width=48)
    sequences = [stored(truth, range(start, start + 5)) for start in range(3)]
    sequences[2].moving[:, :16, :24] = True
    return sequences


def stored(truth: Room, frames: range) -> StoredSequence:
    return StoredSequence(
        images=torch.tensor(truth.images[frames]).permute(0, 3, 1, 2),
        depth=torch.tensor(truth.depth[frames]).half(),
        camera_to_world=torch.tensor(truth.camera_to_world[frames]).float(),
        intrinsics=torch.tensor(truth.intrinsics).float(),
        moving=torch.zeros(len(frames), 32, 48, dtype=torch.bool),
    )


@dataclass
class Oracle:
    """Says the truth about a sequence, but for its scale and the depth of what moves."""

    sequence: StoredSequence
    scale: float = 1.0
    moving_factor: float = 1.0

    def forward_sequence(self, images: Tensor) -> FrameOutput:
        truth = truth_of(as_clip(self.sequence))
        factor = torch.where(self.sequence.moving, self.moving_factor, 1.0) * self.scale
        points = truth.points_camera * factor[None, ..., None]
        poses = truth.camera_to_world[0]
        confidence = torch.ones(points.shape[:-1])
        height, width = images.shape[-2:]
        return FrameOutput(
            points_world=points,
            confidence_world=confidence,
            points_camera=points,
            confidence_camera=confidence,
            quaternion=matrix_to_quaternion(poses[:, :3, :3])[None],
            translation=poses[None, :, :3, 3] * self.scale,
            field_of_view=intrinsics_to_fov(self.sequence.intrinsics, height, width)[None, None],
            intrinsics=self.sequence.intrinsics[None, None],
        )


def errors_of(oracle: Oracle) -> SequenceErrors:
    return sequence_errors(oracle, oracle.sequence)  # type: ignore[arg-type]


def test_the_truth_has_no_errors(pool: list[StoredSequence]) -> None:
    errors = errors_of(Oracle(pool[2]))
    assert errors.depth.abs_rel == pytest.approx(0, abs=1e-6)
    assert errors.depth_metric.abs_rel == pytest.approx(0, abs=1e-6)
    assert errors.depth.delta_125 == 1
    assert errors.trajectory.ate_m == pytest.approx(0, abs=1e-5)
    assert errors.depth.moving.pixels == 5 * 16 * 24
    assert errors.depth.still.pixels == 5 * (32 * 48 - 16 * 24)


def test_scale_is_forgiven_but_for_the_metric_error(pool: list[StoredSequence]) -> None:
    errors = errors_of(Oracle(pool[0], scale=1.3))
    assert errors.depth.abs_rel == pytest.approx(0, abs=1e-6)
    assert errors.depth_metric.abs_rel == pytest.approx(0.3, abs=1e-6)
    assert errors.trajectory.ate_m == pytest.approx(0, abs=1e-5)


def test_moving_pixels_are_counted_apart(pool: list[StoredSequence]) -> None:
    """Most pixels stand still and are right, so the scale is theirs; what moves is 20 % off."""
    depth = errors_of(Oracle(pool[2], scale=2.0, moving_factor=1.2)).depth
    assert depth.moving.abs_rel == pytest.approx(0.2, abs=1e-4)
    assert depth.still.abs_rel == pytest.approx(0, abs=1e-4)


def test_the_path_is_the_cameras(pool: list[StoredSequence]) -> None:
    positions = pool[0].camera_to_world[:, :3, 3].numpy()
    expected = sum(np.linalg.norm(b - a) for a, b in pairwise(positions))
    assert errors_of(Oracle(pool[0])).trajectory.path_m == pytest.approx(expected)


def test_a_prediction_that_is_no_number_counts_as_no_depth(pool: list[StoredSequence]) -> None:
    oracle = Oracle(pool[2], moving_factor=torch.nan)
    depth = errors_of(oracle).depth
    assert depth.moving.abs_rel == pytest.approx(1)
    assert depth.still.abs_rel == pytest.approx(0, abs=1e-4)


def made_up(moving: PixelErrors, path_m: float = 2.0) -> SequenceErrors:
    """Ten still pixels with an AbsRel of 0.1, eight of them close, besides those that move."""
    still = PixelErrors(relative=1.0, close=8, pixels=10)
    return SequenceErrors(
        depth=DepthErrors(moving + still, moving, still),
        depth_metric=DepthErrors(PixelErrors(relative=4.0, close=0, pixels=10)),
        trajectory=TrajectoryErrors(ate_m=0.5, scale=1.0, path_m=path_m),
    )


def test_sequences_are_weighted_by_pixels_and_paths() -> None:
    moving = PixelErrors(relative=6.0, close=1, pixels=30)
    found = summary([made_up(moving), made_up(PixelErrors(), path_m=0.0)])
    assert vars(found) == pytest.approx(
        {
            "abs_rel": (1 + 6 + 1) / 50,
            "delta_125": (8 + 1 + 8) / 50,
            "abs_rel_metric": 0.4,
            "ate_share": 1.0 / 2.0,
            "moving_ratio": (6 / 30) / (2 / 20),
        }
    )


def test_nothing_is_said_of_what_is_not_there() -> None:
    found = summary([made_up(PixelErrors(), path_m=0.0)])
    assert found.ate_share is None
    assert found.moving_ratio is None


@dataclass(frozen=True)
class OneOfTwo(Workers):
    """One of two workers that share what they find through a list."""

    others: tuple[SequenceErrors, ...] = ()

    def gather(self, items: list) -> list:
        return [*items, *self.others]


def test_workers_share_the_scenes(pool: list[StoredSequence]) -> None:
    model = small_model(SMALL_VIT)
    alone = evaluate_held_out(model, pool, CPU)
    assert isinstance(alone, HeldOutErrors)
    second = sequence_errors(model, pool[1])
    first = OneOfTwo(rank=0, count=2, others=(second,))
    assert vars(evaluate_held_out(model, pool, CPU, workers=first)) == pytest.approx(vars(alone))
