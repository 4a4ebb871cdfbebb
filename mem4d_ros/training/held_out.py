"""A model on held-out procedural scenes, quickly: what the trainer's log says of it.

Depth is the self-view pointmap's z, the trajectory is the camera head's; a sequence is run as one.
`mem4d eval` measures the same errors frame by frame, with any source of poses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.evaluation.depth import DepthErrors, align, depth_errors, valid_pixels
from mem4d_ros.evaluation.trajectory import TrajectoryErrors, trajectory_errors
from mem4d_ros.model import Mem4D
from mem4d_ros.training.data.sequences import SequencePool, StoredSequence
from mem4d_ros.training.workers import Workers


@dataclass(frozen=True)
class SequenceErrors:
    """One sequence's errors: of depth under one scale and as predicted, and of the path."""

    depth: DepthErrors
    depth_metric: DepthErrors
    trajectory: TrajectoryErrors


@dataclass(frozen=True)
class HeldOutErrors:
    """Errors over all sequences, depth weighted by pixels.

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
    pixels = [
        valid_pixels(
            _array(output.points_camera[0, ..., 2]),
            _array(sequence.depth),
            sequence.moving.cpu().numpy(),
        )
    ]
    poses = _array(output.camera_to_world()[0])
    return SequenceErrors(
        depth=depth_errors(pixels, align(pixels, "scale")),
        depth_metric=depth_errors(pixels, align(pixels, "metric")),
        trajectory=trajectory_errors(poses, _array(sequence.camera_to_world)),
    )


def summary(errors: Sequence[SequenceErrors]) -> HeldOutErrors:
    """Errors over all sequences."""
    depth = sum((e.depth for e in errors), start=DepthErrors())
    depth_metric = sum((e.depth_metric for e in errors), start=DepthErrors())
    path_m = sum(e.trajectory.path_m for e in errors)
    return HeldOutErrors(
        abs_rel=depth.abs_rel,
        delta_125=depth.delta_125,
        abs_rel_metric=depth_metric.abs_rel,
        ate_share=sum(e.trajectory.ate_m for e in errors) / path_m if path_m else None,
        moving_ratio=depth.moving_ratio,
    )


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.to("cpu", torch.float64).numpy()
