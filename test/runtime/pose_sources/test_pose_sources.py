"""Poses of any source from exact, disturbed and useless pointmaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pose_frames import (
    HEIGHT,
    WIDTH,
    blank,
    error_share,
    exact_frames,
    largest_turn_deg,
    run,
    truth,
)

from mem4d_ros.geometry import align_similarity, transform_points
from mem4d_ros.model import PRESETS
from mem4d_ros.runtime.pose_sources import (
    CHOICES,
    MAKERS,
    GeometryPose,
    HeadPose,
    PoseFrame,
    PoseSource,
    ProcrustesPose,
    make_pose_source,
    suitable_source,
)
from mem4d_ros.synthetic import SyntheticSequence


def test_the_head_is_taken_at_its_word(busy_room: SyntheticSequence) -> None:
    frames = exact_frames(busy_room)
    np.testing.assert_array_equal(run(HeadPose(), frames), truth(frames))


@pytest.mark.parametrize("source", [ProcrustesPose, GeometryPose])
@pytest.mark.parametrize("room", ["still_room", "busy_room"])
@pytest.mark.long
def test_exact_pointmaps_give_the_path_in_metres(
    source: Callable[[], PoseSource], room: str, request: pytest.FixtureRequest
) -> None:
    frames = exact_frames(request.getfixturevalue(room))
    poses = run(source(), frames)
    assert error_share(poses, truth(frames)) < 0.02
    assert largest_turn_deg(poses, truth(frames)) < 1.5


def noisy_network(frames: list[PoseFrame], scale: float, seed: int) -> list[PoseFrame]:
    """What a network says whose metre is another, and whose depth is off by 10 % here and there."""
    rng, said = np.random.default_rng(seed), []
    for frame in frames:
        pose = frame.head_pose.copy()
        pose[:3, 3] *= scale
        maps = []
        for _ in range(2):  # of the two heads
            noise = rng.normal(0, 1, (HEIGHT // 8, WIDTH // 8)).astype(np.float32)
            noise = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            factor = scale * np.exp(0.1 * noise / noise.std())
            maps.append((frame.points_camera * factor[..., None]).astype(np.float32))
        world = transform_points(pose, maps[1]).astype(np.float32)
        said.append(replace(frame, points_camera=maps[0], points_world=world, head_pose=pose))
    return said


@pytest.mark.parametrize("source", MAKERS)
@pytest.mark.long
def test_the_path_has_the_scale_of_the_depth(source: str, still_room: SyntheticSequence) -> None:
    frames = exact_frames(still_room)
    true = truth(frames)[:, :3, 3]
    scales = []
    for seed in range(3):
        said = noisy_network(frames, 1.3, seed)
        found = run(make_pose_source(source), said)[:, :3, 3]
        depths = [
            np.nanmedian(one.points_camera[..., 2] / other.points_camera[..., 2])
            for one, other in zip(said, frames, strict=True)
        ]
        scales.append(align_similarity(true, found).scale / np.median(depths))
    assert np.exp(np.mean(np.log(scales))) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("source", [ProcrustesPose, GeometryPose])
def test_an_image_without_texture_is_no_failure(
    source: Callable[[], PoseSource], still_room: SyntheticSequence
) -> None:
    frames = [blank(frame) for frame in exact_frames(still_room)]
    assert np.isfinite(run(source(), frames)).all()


@pytest.mark.parametrize("name", MAKERS)
def test_a_reset_starts_a_new_world(name: str, busy_room: SyntheticSequence) -> None:
    frames = exact_frames(busy_room)
    source = make_pose_source(name)
    first = run(source, frames[:6])
    run(source, frames[15:])
    source.reset()
    np.testing.assert_array_equal(run(source, frames[:6]), first)


def test_each_preset_has_a_source_that_suits_it() -> None:
    assert suitable_source(PRESETS["large"]) == "head"
    assert suitable_source(PRESETS["lite"]) == "geometry"


def test_an_unknown_source_is_named_with_the_choices() -> None:
    assert list(CHOICES) == ["auto", *MAKERS]
    with pytest.raises(ValueError, match="'orb' is unknown: use one of auto, head"):
        make_pose_source("orb")
    with pytest.raises(ValueError, match="'pnp' is no more: use geometry"):
        make_pose_source("pnp")


def test_self_view_and_pose_agree_with_the_world(busy_room: SyntheticSequence) -> None:
    """What is published where the pose is not the head's: the self-view moved by the pose."""
    frames = exact_frames(busy_room)
    pose = run(GeometryPose(), frames)[-1]
    moved = transform_points(pose, frames[-1].points_camera)
    off = np.linalg.norm(moved - frames[-1].points_world, axis=-1)
    assert np.nanmedian(off / frames[-1].points_camera[..., 2]) < 0.02
