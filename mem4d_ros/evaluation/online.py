"""A sequence run through the network as a camera would, frame by frame, and measured."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from mem4d_ros.datasets.sample import Sample
from mem4d_ros.evaluation.depth import DepthErrors, depth_errors
from mem4d_ros.evaluation.trajectory import TrajectoryErrors, trajectory_errors
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.depth import upsample_depth


@dataclass(frozen=True)
class SequenceErrors:
    """What one sequence measures.

    Attributes:
        depth: under one scale for the sequence; depth_metric: metres taken at their word.
    """

    name: str
    frames: int
    depth: DepthErrors
    depth_metric: DepthErrors
    trajectory: TrajectoryErrors

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        share = self.trajectory.ate_share
        return {**asdict(self), "ate_share": None if math.isnan(share) else share}


def evaluate_sequence(
    name: str,
    samples: Iterable[Sample],
    reconstructor: OnlineReconstructor,
    *,
    known_intrinsics: bool = False,
) -> SequenceErrors:
    """Run and measure a sequence whose depth and poses are known.

    Intrinsics are predicted unless `known_intrinsics`. Depth is the self-view's z at the true
    depth's size.

    Raises:
        ValueError: a sample lacks depth or pose, named.
    """
    predicted, true, poses, true_poses = [], [], [], []
    reconstructor.reset()
    for index, sample in enumerate(samples):
        if sample.depth is None or sample.camera_to_world is None:
            raise ValueError(f"{name}: {sample.name} has no depth or no pose to measure against")
        intrinsics = sample.intrinsics if known_intrinsics else None
        found = reconstructor.process(sample.image, index, intrinsics)
        predicted.append(upsample_depth(found.depth, found.input_transform))
        true.append(sample.depth)
        poses.append(found.camera_to_world)
        true_poses.append(sample.camera_to_world)
    return SequenceErrors(
        name=name,
        frames=len(true),
        depth=depth_errors(np.stack(predicted), np.stack(true)),
        depth_metric=depth_errors(np.stack(predicted), np.stack(true), aligned=False),
        trajectory=trajectory_errors(np.stack(poses), np.stack(true_poses)),
    )
