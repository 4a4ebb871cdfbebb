"""A model on held-out procedural scenes: depth, trajectory, and what moves against what is still.

Depth is the self-view pointmap's z, the trajectory is the camera head's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.evaluation.depth import depth_errors
from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.model import Mem4D
from mem4d_ros.training.sequences import SequencePool, StoredSequence
from mem4d_ros.training.workers import Workers


@dataclass(frozen=True)
class SequenceErrors:
    """One sequence's errors.

    Attributes:
        abs_rel, delta_125: of depth, under one scale for the sequence.
        abs_rel_metric: of depth as predicted, in metres.
        ate_m, path_m: trajectory error after Sim(3), and length of the true path.
        moving, still: sum of |p - g| / g, under the scale, over the pixels that move and over the
            others, and how many these are.
    """

    abs_rel: float
    delta_125: float
    abs_rel_metric: float
    ate_m: float
    path_m: float
    moving: tuple[float, int]
    still: tuple[float, int]


@dataclass(frozen=True)
class HeldOutErrors:
    """Means over the sequences.

    Attributes:
        ate_share: all trajectory errors by the length of all paths, so that a camera that stands
            still counts too; None if all do.
        moving_ratio: AbsRel of all moving pixels by that of all others; None if nothing moves.
    """

    abs_rel: float
    delta_125: float
    abs_rel_metric: float
    ate_share: float | None
    moving_ratio: float | None


def evaluate_held_out(
    model: Mem4D,
    pool: SequencePool,
    device: torch.device,
    precision: torch.dtype = torch.float32,
    workers: Workers | None = None,
) -> HeldOutErrors:
    """Errors over all sequences of `pool`, of at least 3 frames each; the workers share them."""
    workers = workers or Workers()
    own = range(workers.rank, len(pool), workers.count)
    errors = [sequence_errors(model, pool[index].to(device), precision) for index in own]
    return summary(workers.gather(errors))


def sequence_errors(
    model: Mem4D, sequence: StoredSequence, precision: torch.dtype = torch.float32
) -> SequenceErrors:
    """Errors on a sequence that lies on the model's device."""
    images = sequence.images[None].float() / 255
    reduced = precision != torch.float32
    with torch.inference_mode(), torch.autocast(images.device.type, precision, enabled=reduced):
        output = model.forward_sequence(images)
    predicted = np.nan_to_num(_array(output.points_camera[0, ..., 2]), posinf=0, neginf=0).clip(0)
    true = _array(sequence.depth)
    depth = depth_errors(predicted, true)
    poses = _array(output.camera_to_world()[0])
    trajectory = trajectory_errors(poses, _array(sequence.camera_to_world))
    known = np.isfinite(true) & (true > 0)
    error = np.abs(depth.scale * predicted - true) / np.where(known, true, 1)
    moving = sequence.moving.cpu().numpy()
    return SequenceErrors(
        abs_rel=depth.abs_rel,
        delta_125=depth.delta_125,
        abs_rel_metric=depth_errors(predicted, true, aligned=False).abs_rel,
        ate_m=trajectory.ate_m,
        path_m=trajectory.path_m,
        moving=_total(error, known & moving),
        still=_total(error, known & ~moving),
    )


def summary(errors: Sequence[SequenceErrors]) -> HeldOutErrors:
    """What the sequences say together."""
    moving, still = _mean_of([e.moving for e in errors]), _mean_of([e.still for e in errors])
    path_m = sum(e.path_m for e in errors)
    return HeldOutErrors(
        abs_rel=float(np.mean([e.abs_rel for e in errors])),
        delta_125=float(np.mean([e.delta_125 for e in errors])),
        abs_rel_metric=float(np.mean([e.abs_rel_metric for e in errors])),
        ate_share=sum(e.ate_m for e in errors) / path_m if path_m else None,
        moving_ratio=moving / still if moving is not None and still else None,
    )


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.to("cpu", torch.float64).numpy()


def _total(error: np.ndarray, where: np.ndarray) -> tuple[float, int]:
    return float(error[where].sum()), int(where.sum())


def _mean_of(totals: Sequence[tuple[float, int]]) -> float | None:
    count = sum(pixels for _, pixels in totals)
    return sum(total for total, _ in totals) / count if count else None
