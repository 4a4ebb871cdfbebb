"""Errors on held-out scenes, for a model whose errors are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from small_networks import SMALL_VIT, small_model
from torch import Tensor

from mem4d_ros.evaluation.held_out import (
    HeldOutErrors,
    SequenceErrors,
    evaluate_held_out,
    sequence_errors,
    summary,
)
from mem4d_ros.geometry import intrinsics_to_fov, matrix_to_quaternion
from mem4d_ros.model import FrameOutput
from mem4d_ros.training.batches import to_sample
from mem4d_ros.training.config import DataConfig
from mem4d_ros.training.procedural import ProceduralPool
from mem4d_ros.training.sequences import StoredSequence
from mem4d_ros.training.workers import Workers

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pool() -> list[StoredSequence]:
    """Three scenes, in the last of which a quarter of the pixels count as moving."""
    rendered = ProceduralPool(DataConfig(pool=3, frames=5, height=32, width=48, seed=10), CPU)
    sequences = [replace(s, moving=torch.zeros_like(s.moving)) for s in rendered]
    sequences[2].moving[:, :16, :24] = True
    return sequences


@dataclass
class Oracle:
    """Says the truth about a sequence, but for its scale and the depth of what moves."""

    sequence: StoredSequence
    scale: float = 1.0
    moving_factor: float = 1.0

    def forward_sequence(self, images: Tensor) -> FrameOutput:
        truth = to_sample(self.sequence).truth
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
        )


def errors_of(oracle: Oracle) -> SequenceErrors:
    return sequence_errors(oracle, oracle.sequence)  # type: ignore[arg-type]


def test_the_truth_has_no_errors(pool: list[StoredSequence]) -> None:
    errors = errors_of(Oracle(pool[2]))
    assert errors.abs_rel == pytest.approx(0, abs=1e-6)
    assert errors.abs_rel_metric == pytest.approx(0, abs=1e-6)
    assert errors.delta_125 == 1
    assert errors.ate_m == pytest.approx(0, abs=1e-5)
    assert errors.moving[1] == 5 * 16 * 24
    assert errors.still[1] == 5 * (32 * 48 - 16 * 24)


def test_scale_is_forgiven_but_for_the_metric_error(pool: list[StoredSequence]) -> None:
    errors = errors_of(Oracle(pool[0], scale=1.3))
    assert errors.abs_rel == pytest.approx(0, abs=1e-6)
    assert errors.abs_rel_metric == pytest.approx(0.3, abs=1e-6)
    assert errors.ate_m == pytest.approx(0, abs=1e-5)


def test_moving_pixels_are_counted_apart(pool: list[StoredSequence]) -> None:
    """Most pixels stand still and are right, so the scale is theirs; what moves is 20 % off."""
    errors = errors_of(Oracle(pool[2], scale=2.0, moving_factor=1.2))
    assert errors.moving[0] / errors.moving[1] == pytest.approx(0.2, abs=1e-4)
    assert errors.still[0] / errors.still[1] == pytest.approx(0, abs=1e-4)
    assert errors.abs_rel == pytest.approx(0.2 / 4, abs=1e-4)


def test_the_path_is_the_cameras(pool: list[StoredSequence]) -> None:
    positions = pool[0].camera_to_world[:, :3, 3].numpy()
    expected = sum(np.linalg.norm(b - a) for a, b in pairwise(positions))
    assert errors_of(Oracle(pool[0])).path_m == pytest.approx(expected)


def test_a_prediction_that_is_no_number_counts_as_no_depth(pool: list[StoredSequence]) -> None:
    oracle = Oracle(pool[2], moving_factor=torch.nan)
    errors = errors_of(oracle)
    assert errors.moving[0] / errors.moving[1] == pytest.approx(1)
    assert errors.abs_rel == pytest.approx(1 / 4, abs=1e-4)


def made_up(**values: object) -> SequenceErrors:
    errors = SequenceErrors(0.1, 0.9, 0.2, 0.5, 2.0, moving=(0.0, 0), still=(1.0, 10))
    return replace(errors, **values)  # type: ignore[arg-type]


def test_sequences_are_averaged() -> None:
    found = summary(
        [
            made_up(),
            made_up(abs_rel=0.3, delta_125=0.5, abs_rel_metric=0.4, moving=(3.0, 10)),
            made_up(ate_m=0.1, path_m=0.0, moving=(3.0, 5), still=(5.0, 10)),
        ]
    )
    assert vars(found) == pytest.approx(
        {
            "abs_rel": 0.5 / 3,
            "delta_125": 2.3 / 3,
            "abs_rel_metric": 0.8 / 3,
            "ate_share": 1.1 / 4.0,
            "moving_ratio": (6 / 15) / (7 / 30),
        }
    )


def test_nothing_is_said_of_what_is_not_there() -> None:
    found = summary([made_up(path_m=0.0)])
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
