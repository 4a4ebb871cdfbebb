"""Simulated evidence has the numbers and the errors that its config says."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_up_clips import plane_clips
from torch import Tensor

from mem4d_ros.model.evidence import Evidence
from mem4d_ros.training.data.chance import Chance
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.data.evidence import knows_intrinsics, simulate
from mem4d_ros.training.graphs import tensors_of
from mem4d_ros.training.variation import SimulatedEvidence

CPU = torch.device("cpu")
BATCH, LENGTH, HEIGHT, WIDTH = 300, 2, 48, 64
ALWAYS = SimulatedEvidence(
    without_points=0.0, corners=(60, 60), late=0.0, sensor=0.0, common_scale=0.0, outliers=0.0,
    moving_outliers=0.0, misstatement=0.0, noise=(0.04, 0.04),
)  # fmt: skip


@pytest.fixture(scope="module")
def clips() -> Clips:
    return plane_clips(BATCH, LENGTH, HEIGHT, WIDTH)


def evidence_of(clips: Clips, config: SimulatedEvidence, seed: int = 0) -> Evidence:
    chance = Chance(seed, CPU)
    return simulate(clips, knows_intrinsics(len(clips.images), config, chance), config, chance)


def points(evidence: Evidence) -> Tensor:
    """Points of each frame: (B, T)."""
    assert evidence.depth is not None
    return (evidence.depth > 0).sum((-1, -2))


def relative_errors(evidence: Evidence, clips: Clips) -> Tensor:
    """Of all points: (N,)."""
    assert evidence.depth is not None
    found = evidence.depth > 0
    return evidence.depth[found] / clips.depth[found] - 1


def test_the_same_chance_the_same_evidence(clips: Clips) -> None:
    config = SimulatedEvidence()
    one, same, other = (evidence_of(clips, config, seed) for seed in (1, 1, 2))
    for a, b in zip(tensors_of(one), tensors_of(same), strict=True):
        assert torch.equal(a, b)
    assert one.depth is not None
    assert other.depth is not None
    assert not torch.equal(one.depth, other.depth)


def test_a_third_has_no_points_and_the_others_log_uniformly_many(clips: Clips) -> None:
    config = SimulatedEvidence(late=0.0, sensor=0.0, corners=(1, 60))
    counts = points(evidence_of(clips, config))
    assert torch.equal(counts[:, 0] == 0, counts[:, 1] == 0)
    assert 0.25 < (counts[:, 0] == 0).float().mean() < 0.42
    some = counts[:, 0][counts[:, 0] > 0].float()
    assert some.min() >= 1
    assert some.max() <= 60
    assert 5 < some.median() < 12  # the root of 60 is 7.7


def test_points_lie_only_where_depth_is_known(clips: Clips) -> None:
    half = clips.depth.clone()
    half[..., : WIDTH // 2] = torch.nan
    half[..., HEIGHT // 2 :, :] = 0
    for sensor in (0.0, 1.0):
        evidence = evidence_of(replace(clips, depth=half), replace(ALWAYS, sensor=sensor))
        assert evidence.depth is not None
        assert evidence.deviation is not None
        known = (half > 0).expand_as(evidence.depth)
        assert (evidence.depth[~known] == 0).all()
        assert (points(evidence) > 0).float().mean() > 0.8  # some sensors have few rows
        assert torch.equal(evidence.deviation > 0, evidence.depth > 0)
        assert evidence.depth.isfinite().all()


def test_errors_are_as_large_as_is_stated(clips: Clips) -> None:
    evidence = evidence_of(clips, ALWAYS)
    errors = relative_errors(evidence, clips)
    assert errors.mean().abs() < 0.003
    assert errors.std() == pytest.approx(0.04, rel=0.1)
    assert evidence.depth is not None
    assert evidence.deviation is not None
    found = evidence.depth > 0
    stated = evidence.deviation[found] / evidence.depth[found]
    assert stated.median() == pytest.approx(0.04, rel=0.05)


def test_a_landmark_keeps_a_part_of_its_error(clips: Clips) -> None:
    """The same place is seen in both frames of a camera at rest, and errs alike in part."""
    at_rest = replace(clips, camera_to_world=torch.eye(4).expand_as(clips.camera_to_world))
    still = replace(at_rest, images=clips.images[:, :1].expand_as(clips.images))
    evidence = evidence_of(still, ALWAYS)
    assert evidence.depth is not None
    both = (evidence.depth > 0).all(1)
    first, second = evidence.depth.unbind(1)
    assert both.sum() > 150
    correlation = torch.corrcoef(torch.stack((first[both], second[both])))[0, 1]
    assert 0.35 < correlation < 0.65


def test_one_in_twenty_is_an_outlier_and_more_on_what_moves(clips: Clips) -> None:
    moving = clips.moving.clone()
    moving[..., WIDTH // 2 :] = True
    mixed = replace(clips, moving=moving)
    config = replace(ALWAYS, outliers=0.05, moving_outliers=0.3, noise=(0.001, 0.001))
    evidence = evidence_of(mixed, config)
    assert evidence.depth is not None
    found = evidence.depth > 0
    wrong = (evidence.depth / clips.depth).log().abs() > 0.02
    shares = [wrong[found & where].float().mean() for where in (~moving, moving)]
    assert shares[0] == pytest.approx(0.05, abs=0.01)
    assert shares[1] == pytest.approx(0.3, abs=0.03)


def test_a_sequence_shares_one_scale_with_its_poses(clips: Clips) -> None:
    config = replace(
        ALWAYS, common_scale=0.1, noise=(0.0, 0.0), pose_rotation=0.0, pose_translation=0.0
    )
    evidence = evidence_of(clips, config)
    assert evidence.depth is not None
    assert evidence.camera_to_world is not None
    found = evidence.depth > 0
    scale = (evidence.depth / clips.depth).flatten(1).sum(1) / found.flatten(1).sum(1)
    assert scale.log().std() == pytest.approx(0.1, rel=0.2)
    stretched = evidence.camera_to_world[:, 1, 0, 3] / clips.camera_to_world[:, 1, 0, 3]
    torch.testing.assert_close(stretched, scale, rtol=1e-3, atol=0)


def test_a_sensor_is_exact_and_knows_it(clips: Clips) -> None:
    evidence = evidence_of(clips, replace(ALWAYS, sensor=1.0, common_scale=0.1))
    errors = relative_errors(evidence, clips)
    assert errors.abs().quantile(0.99) < 0.02
    assert evidence.depth is not None
    assert evidence.deviation is not None
    found = evidence.depth > 0
    assert (evidence.deviation[found] / evidence.depth[found]).max() < 0.02


def test_some_points_begin_late(clips: Clips) -> None:
    counts = points(evidence_of(clips, replace(ALWAYS, late=1.0)))
    assert 0.3 < (counts[:, 0] == 0).float().mean() < 0.7
    assert (counts[:, 1] > 0).all()


def test_intrinsics_and_poses_come_with_their_shares(clips: Clips) -> None:
    evidence = evidence_of(clips, SimulatedEvidence())
    assert evidence.has_intrinsics is not None
    assert evidence.has_pose is not None
    assert 0.73 < evidence.has_intrinsics.float().mean() < 0.87
    assert 0.52 < evidence.has_pose.float().mean() < 0.68
    assert torch.equal(evidence.has_pose[:, 0], evidence.has_pose[:, 1])


def test_poses_begin_at_the_origin_and_drift() -> None:
    clips = plane_clips(100, 8, 16, 16)
    turned = clips.camera_to_world.clone()
    turned[:, :, 1, 3] = 2.0  # the world is the first camera, wherever it was
    evidence = evidence_of(
        replace(clips, camera_to_world=turned), SimulatedEvidence(common_scale=0.0)
    )
    poses = evidence.camera_to_world
    assert poses is not None
    assert torch.equal(poses[:, 0], torch.eye(4).expand(100, 4, 4))
    error = (poses[:, :, :3, 3] - clips.camera_to_world[:, :, :3, 3]).norm(dim=-1).mean(0)
    assert error[1] < error[3] < error[7] < 0.1
    rotation = poses[..., :3, :3]
    identity = torch.eye(3).expand_as(rotation)
    torch.testing.assert_close(rotation @ rotation.mT, identity, rtol=0, atol=1e-4)
