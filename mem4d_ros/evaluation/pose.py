"""Camera pose (the paper's table 2): ATE and RPE after a Sim(3) alignment; RPE by the evo library.

As MonST3R and CUT3R do (eval/relpose/evo_utils.py): RMSE of positions, and RMSE of the steps from
each frame to the next, translation in metres and rotation in degrees; a data set's figure is the
mean of its sequences'. The alignment is our own Umeyama, since evo's refuses a path on a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from evo.core.metrics import PE, RPE, PoseRelation, StatisticsType, Unit
from evo.core.trajectory import PosePath3D

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Step, full_depth
from mem4d_ros.evaluation.trajectory import TrajectoryErrors, align_trajectory, trajectory_errors
from mem4d_ros.geometry import Similarity
from mem4d_ros.mapping import HangingPoses

DEPTH_STRIDE = 8
"""Every so many pixels and rows say enough of the scale of a frame's depth."""

MIN_POSES = 3
"""That a similarity can be found from."""


@dataclass(frozen=True)
class PoseErrors:
    """How far poses are from the truth.

    Attributes:
        ate_m: RMSE of positions.
        rpe_m, rpe_deg: RMSE of the steps from one frame to the next, translation and rotation.
        scale: true metres of one predicted metre.
        path_m: length of the true path.
    """

    ate_m: float
    rpe_m: float
    rpe_deg: float
    scale: float
    path_m: float

    @property
    def ate_share(self) -> float | None:
        """ATE as a share of the path's length; None for a camera that stands still."""
        return TrajectoryErrors(self.ate_m, self.scale, self.path_m).ate_share


@dataclass(frozen=True)
class PoseResult:
    """One sequence's errors.

    Attributes:
        frames: that count.
        path_by_depth: the path's scale by that of the depth, both against the truth: 1 where the
            two agree; None where no true depth is known or the camera stands still.
        final_ate_m: RMSE of positions as loops have moved them by the end; None: none closed.
        uncounted: frames that were run but have no true pose.
    """

    name: str
    frames: int
    errors: PoseErrors
    path_by_depth: float | None = None
    final_ate_m: float | None = None
    uncounted: int = 0


@dataclass(frozen=True)
class Paths:
    """For a picture: positions (T, 3) as found and aligned, and as they were, in the true world."""

    aligned: np.ndarray
    true: np.ndarray


def pose_errors(predicted: np.ndarray, true: np.ndarray) -> PoseErrors:
    """Errors of camera-to-world poses (T, 4, 4), T ≥ 3.

    Rotations are first made exact: data sets write them with few digits, and evo insists on 1e-6.
    """
    predicted, true = _with_exact_rotations(predicted), _with_exact_rotations(true)
    alignment = align_trajectory(predicted, true)
    paths = (
        PosePath3D(poses_se3=list(true)),
        PosePath3D(poses_se3=list(_moved(predicted, alignment))),
    )
    whole = trajectory_errors(predicted, true)
    return PoseErrors(
        ate_m=whole.ate_m,
        rpe_m=_rmse(_to_next_frame(PoseRelation.translation_part), paths),
        rpe_deg=_rmse(_to_next_frame(PoseRelation.rotation_angle_deg), paths),
        scale=whole.scale,
        path_m=whole.path_m,
    )


def mean_pose_errors(errors: Sequence[PoseErrors]) -> PoseErrors:
    """What several sequences say together: the mean of each figure.

    Its `ate_share` is all errors by the length of all paths, so that a camera that stands still,
    which has no share of its own, counts too.
    """
    return PoseErrors(
        **{
            field.name: float(np.mean([getattr(e, field.name) for e in errors]))
            for field in fields(PoseErrors)
        }
    )


def measure_pose(name: str, steps: Iterable[Step]) -> tuple[PoseResult, Paths]:
    """Errors over the frames of a sequence, and the paths.

    Frames without a true pose, as where tracking was lost, are run and do not count: a step goes
    from each frame that counts to the next.

    Raises:
        NotMeasurable: fewer than three frames have a pose.
    """
    found, truth = [], []
    counts: list[bool] = []
    final, has_moved = HangingPoses(), False
    depth_ratios: list[float] = []
    for step in steps:
        if step.found.correction is not None:
            final.move(step.found.correction)
            has_moved = True
        final.add(step.found.camera_to_world, step.found.keyframe)
        counts.append(step.sample.camera_to_world is not None)
        if step.sample.camera_to_world is None:
            continue
        found.append(step.found.camera_to_world)
        truth.append(step.sample.camera_to_world)
        depth_ratios += _depth_ratio(step)
    if len(truth) < MIN_POSES:
        raise NotMeasurable(
            f"{len(truth)} of {len(counts)} frames have a pose to measure against:"
            f" it takes at least {MIN_POSES} poses"
        )
    predicted, true = np.array(found), np.array(truth)
    alignment = align_trajectory(predicted, true)
    errors = pose_errors(predicted, true)
    by_depth = (
        float(np.median(depth_ratios)) / errors.scale if depth_ratios and errors.scale else None
    )
    final_ate_m = trajectory_errors(final.poses[counts], true).ate_m if has_moved else None
    uncounted = counts.count(False)
    result = PoseResult(name, len(true), errors, by_depth, final_ate_m, uncounted)
    return result, Paths(alignment.apply(predicted[:, :3, 3]), true[:, :3, 3])


def _depth_ratio(step: Step) -> list[float]:
    """True metres of one metre of a frame's depth, in the median over pixels; none if unknown."""
    if step.sample.depth is None:
        return []
    pixels = (slice(None, None, DEPTH_STRIDE), slice(None, None, DEPTH_STRIDE))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (step.sample.depth / full_depth(step.found))[pixels]
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    return [float(np.median(ratio))] if len(ratio) else []


def _with_exact_rotations(poses: np.ndarray) -> np.ndarray:
    """Poses (T, 4, 4), each with the rotation nearest to its own."""
    exact = poses.copy()
    left, _, right = np.linalg.svd(poses[:, :3, :3])
    exact[:, :3, :3] = left @ right
    return exact


def _moved(poses: np.ndarray, alignment: Similarity) -> np.ndarray:
    """Poses (T, 4, 4) with their positions under a similarity and their axes turned by it."""
    moved = poses.copy()
    moved[:, :3, :3] = alignment.rotation @ poses[:, :3, :3]
    moved[:, :3, 3] = alignment.apply(poses[:, :3, 3])
    return moved


def _to_next_frame(relation: PoseRelation) -> RPE:
    return RPE(relation, delta=1, delta_unit=Unit.frames, all_pairs=True)


def _rmse(metric: PE, paths: tuple[PosePath3D, PosePath3D]) -> float:
    metric.process_data(paths)
    return float(metric.get_statistic(StatisticsType.rmse))
