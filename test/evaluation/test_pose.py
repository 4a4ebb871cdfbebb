"""Pose errors: evo's own alignment, hand-made cases, invariance to similarity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from evo.core.metrics import APE, PE, RPE, PoseRelation, StatisticsType, Unit
from evo.core.trajectory import PosePath3D
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle, Room, recording_of, room
from scipy.spatial.transform import Rotation

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Step, run_recording
from mem4d_ros.evaluation.pose import PoseErrors, mean_pose_errors, measure_pose, pose_errors
from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.mapping import Correction
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import OnlineReconstructor


def walk(seed: int, length: int = 30) -> np.ndarray:
    """A random walk with random attitudes, poses (length, 4, 4)."""
    poses = np.tile(np.eye(4), (length, 1, 1))
    poses[:, :3, :3] = Rotation.random(length, random_state=seed).as_matrix()
    poses[:, :3, 3] = np.random.default_rng(seed).normal(size=(length, 3)).cumsum(axis=0)
    return poses


def near(true: np.ndarray, seed: int) -> np.ndarray:
    """Poses like the true ones, at another scale and with errors."""
    rng = np.random.default_rng(seed)
    found = true.copy()
    turns = Rotation.from_rotvec(rng.normal(scale=0.05, size=(len(true), 3))).as_matrix()
    found[:, :3, :3] = true[:, :3, :3] @ turns
    found[:, :3, 3] = 0.4 * true[:, :3, 3] + rng.normal(scale=0.05, size=(len(true), 3))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_alignment_is_evos(seed: int) -> None:
    """Errors as MonST3R's and CUT3R's evaluation has them, with evo's own Umeyama."""
    true = walk(seed)
    found = near(true, seed + 10)
    reference, estimate = PosePath3D(poses_se3=list(true)), PosePath3D(poses_se3=list(found))
    _, _, scale = estimate.align(reference, correct_scale=True)

    def rmse(metric: PE) -> float:
        metric.process_data((reference, estimate))
        return metric.get_statistic(StatisticsType.rmse)

    shift, turn = PoseRelation.translation_part, PoseRelation.rotation_angle_deg
    step = {"delta": 1, "delta_unit": Unit.frames, "rel_delta_tol": 0.01, "all_pairs": True}
    errors = pose_errors(found, true)
    assert errors.scale == pytest.approx(scale)
    assert errors.ate_m == pytest.approx(rmse(APE(shift)))
    assert errors.rpe_m == pytest.approx(rmse(RPE(shift, **step)))
    assert errors.rpe_deg == pytest.approx(rmse(RPE(turn, **step)))


def test_ate_is_the_one_of_the_trainers_log() -> None:
    true = walk(3)
    found = near(true, 4)
    errors, logged = pose_errors(found, true), trajectory_errors(found, true)
    assert errors.ate_m == pytest.approx(logged.ate_m)
    assert errors.ate_share == pytest.approx(logged.ate_share)


def test_steps_are_compared_after_the_scale_is_taken_out() -> None:
    """Every step turns by 3 degrees too much; positions are half as large."""
    true = np.tile(np.eye(4), (20, 1, 1))
    true[:, :3, 3] = walk(6, 20)[:, :3, 3]
    found = true.copy()
    found[:, :3, 3] /= 2
    turns = Rotation.from_euler("z", 3.0 * np.arange(20)[:, None], degrees=True).as_matrix()
    found[:, :3, :3] = turns
    errors = pose_errors(found, true)
    assert errors.scale == pytest.approx(2)
    assert errors.rpe_deg == pytest.approx(3)
    steps = np.diff(true[:, :3, 3], axis=0)
    off = np.linalg.norm(np.einsum("tji,tj->ti", turns[:-1], steps) - steps, axis=-1)
    assert errors.rpe_m == pytest.approx(np.sqrt((off**2).mean()))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 99), scale=st.floats(0.01, 100))
def test_a_similarity_of_the_prediction_changes_nothing(seed: int, scale: float) -> None:
    true = walk(seed)
    found = near(true, seed + 1)
    rotation = Rotation.random(random_state=seed).as_matrix()
    moved = found.copy()
    moved[:, :3, :3] = rotation @ found[:, :3, :3]
    moved[:, :3, 3] = scale * found[:, :3, 3] @ rotation.T + [5, -1, 2]
    plain, changed = pose_errors(found, true), pose_errors(moved, true)
    assert changed.ate_m == pytest.approx(plain.ate_m, rel=1e-6)
    assert changed.rpe_m == pytest.approx(plain.rpe_m, rel=1e-6)
    assert changed.rpe_deg == pytest.approx(plain.rpe_deg, rel=1e-6)
    assert changed.scale * scale == pytest.approx(plain.scale)


def test_poses_written_with_few_digits_can_be_measured() -> None:
    """Such as those of 7-Scenes, whose rotations are no rotations to evo."""
    true = walk(8)
    found = near(true, 9)
    rounded = pose_errors(found.round(4), true.round(4))
    exact = pose_errors(found, true)
    assert vars(rounded) == pytest.approx(vars(exact), rel=1e-2)


def test_a_path_on_a_line_can_be_measured() -> None:
    """A car on a straight road; evo's own alignment refuses it."""
    true = np.tile(np.eye(4), (5, 1, 1))
    true[:, 2, 3] = np.arange(5)
    found = true.copy()
    found[:, 2, 3] *= 2
    errors = pose_errors(found, true)
    assert errors.ate_m == pytest.approx(0, abs=1e-9)
    assert errors.path_m == 4


def test_a_prediction_that_stands_still_misses_every_step() -> None:
    true = walk(7)
    errors = pose_errors(np.tile(np.eye(4), (30, 1, 1)), true)
    steps = np.linalg.norm(np.diff(true[:, :3, 3], axis=0), axis=-1)
    assert errors.rpe_m == pytest.approx(np.sqrt((steps**2).mean()))


def test_sequences_count_alike() -> None:
    one = PoseErrors(ate_m=0.1, rpe_m=0.2, rpe_deg=1.0, scale=1.0, path_m=4.0)
    other = PoseErrors(ate_m=0.3, rpe_m=0.0, rpe_deg=2.0, scale=3.0, path_m=0.0)
    mean = mean_pose_errors([one, other])
    assert mean == PoseErrors(pytest.approx(0.2), 0.1, 1.5, 2.0, 2.0)
    assert mean.ate_share == pytest.approx(0.4 / 4.0)


@pytest.fixture(scope="module")
def truth() -> Room:
    return room(frames=4)


def test_an_oracle_makes_no_error(truth: Room) -> None:
    reconstructor = OnlineReconstructor(Oracle(truth, 0.5), 64, MemorySizes())
    steps = run_recording(recording_of(truth), range(4), reconstructor)
    result, paths = measure_pose("oracle", steps)
    assert (result.name, result.frames) == ("oracle", 4)
    assert result.errors.ate_share == pytest.approx(0, abs=1e-4)
    assert result.errors.scale == pytest.approx(2, rel=1e-3)
    assert result.final_ate_m is None
    assert paths.aligned == pytest.approx(paths.true, abs=1e-4)


def test_positions_are_measured_again_where_loops_have_moved_them() -> None:
    """The second half was found a metre off, and is moved back with its keyframe by a loop."""
    true = walk(11, 8)
    found = true.copy()
    found[4:7, 0, 3] += 1.0
    back = np.eye(4)
    back[0, 3] = -1.0
    correction = Correction(np.array([0, 4]), np.stack([np.eye(4), back]))

    def steps() -> Iterator[Step]:
        for index, pose in enumerate(found):
            reconstruction = SimpleNamespace(
                camera_to_world=pose,
                keyframe=0 if index < 4 else 4,
                correction=correction if index == 7 else None,
            )
            sample = SimpleNamespace(name=str(index), camera_to_world=true[index], depth=None)
            yield SimpleNamespace(sample=sample, found=reconstruction)

    result, _ = measure_pose("loop", steps())
    assert result.errors.ate_m > 0.1
    assert result.final_ate_m == pytest.approx(0, abs=1e-9)


def without_poses(truth: Room, *lost: int) -> Iterator[Step]:
    """The room, run by its oracle, with tracking lost at some frames."""
    recording = recording_of(truth)
    for frame in lost:
        recording.samples[frame] = replace(recording.samples[frame], camera_to_world=None)
    reconstructor = OnlineReconstructor(Oracle(truth, 0.5), 64, MemorySizes())
    return run_recording(recording, range(4), reconstructor)


@pytest.mark.parametrize("lost", [0, 2])
def test_a_frame_whose_pose_is_lost_is_run_but_not_counted(truth: Room, lost: int) -> None:
    result, paths = measure_pose("oracle", without_poses(truth, lost))
    assert (result.frames, result.uncounted) == (3, 1)
    assert result.errors.ate_share == pytest.approx(0, abs=1e-4)
    assert len(paths.true) == 3


def test_too_few_poses_are_counted(truth: Room) -> None:
    with pytest.raises(NotMeasurable, match="2 of 4 frames have a pose"):
        measure_pose("oracle", without_poses(truth, 1, 2))
