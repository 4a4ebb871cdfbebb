"""The training objective (eq. 7 to 10): pointmaps, camera, relative camera; and edges, sky.

Nothing here makes the host wait for a GPU: what does not count is masked, not left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mem4d_ros.geometry import matrix_to_quaternion, rigid_inverse
from mem4d_ros.model import FrameOutput

UNITS = ("sequence", "point")
NEAREST_M = 0.1
"""Errors of points nearer than this are measured as if they were so far away."""
SKY_M = 200.0
"""The sky is farther than this, which is all that it is taught."""
EDGE_SPANS_PX = (1, 2, 4, 8, 16)
_EDGE_WEIGHT, _EDGE_STEP = 4.0, 0.1
"""Maximum weight added at a step of the true log depth, and the height of step that scales it."""


@dataclass(frozen=True)
class Truth:
    """Ground truth of a sequence of T frames of B streams. World = first camera, metres.

    Attributes:
        points_world: (B, T, H, W, 3); points_camera: likewise, in each camera's optical frame.
        valid: (B, T, H, W) bool, where the points are known.
        sky: (B, T, H, W) bool, where there is nothing but the sky.
        camera_to_world: (B, T, 4, 4).
        field_of_view: (B, T, 2), horizontal and vertical, radians.
    """

    points_world: Tensor
    points_camera: Tensor
    valid: Tensor
    sky: Tensor
    camera_to_world: Tensor
    field_of_view: Tensor


@dataclass(frozen=True)
class LossWeights:
    """Weights of the sum (eq. 10), and how errors of points are measured.

    Attributes:
        alpha: the price of low confidence (eq. 7).
        unit: of a point's error: 'sequence', the mean distance of all points of the sequence from
            their camera; 'point', the point's own distance, so that a tenth of it counts alike near
            and far.
    """

    world: float = 1.0
    camera: float = 1.0
    pose: float = 1.0
    relative_pose: float = 1.0
    edges: float = 0.0
    sky: float = 0.0
    alpha: float = 0.2
    unit: str = "sequence"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit must be one of {UNITS}, got {self.unit!r}")


@dataclass(frozen=True)
class Losses:
    """The parts, unweighted, and their weighted sum; scalars."""

    world: Tensor
    camera: Tensor
    pose: Tensor
    relative_pose: Tensor
    edges: Tensor
    sky: Tensor
    total: Tensor


def training_loss(
    output: FrameOutput, truth: Truth, weights: LossWeights, placed: Tensor | None = None
) -> Losses:
    """All parts of the objective for a prediction with shapes (B, T, …).

    Lengths are divided by those of the truth, the same for prediction and truth: the prediction has
    to be metric.

    Args:
        placed: (B, T) bool, frames whose pose was given: their global pointmap is the self-view in
            another frame and says nothing new.
    """
    scale = mean_distance(truth.points_camera, truth.valid)  # (B,)
    unit = point_distance(truth) if weights.unit == "point" else scale[:, None, None, None]
    world = confidence_regression(
        output.points_world,
        output.confidence_world,
        truth.points_world,
        truth.valid if placed is None else truth.valid & ~placed[..., None, None],
        unit,
        weights.alpha,
    )
    camera = confidence_regression(
        output.points_camera,
        output.confidence_camera,
        truth.points_camera,
        truth.valid,
        unit,
        weights.alpha,
    )
    pose = pose_loss(output, truth, scale)
    relative = relative_pose_loss(output, truth, scale)
    edges = edge_loss(output.points_camera[..., 2], truth.points_camera[..., 2], truth.valid)
    sky = sky_loss(output.points_camera[..., 2], truth.sky, truth.valid)
    total = (
        weights.world * world
        + weights.camera * camera
        + weights.pose * pose
        + weights.relative_pose * relative
        + weights.edges * edges
        + weights.sky * sky
    )
    return Losses(world, camera, pose, relative, edges, sky, total)


def mean_distance(points: Tensor, valid: Tensor) -> Tensor:
    """Mean distance from the origin of the valid points (B, T, H, W, 3): (B,), in metres.

    1 where there is none: something to divide by.
    """
    distance = points.norm(dim=-1).where(valid, 0).flatten(1).sum(1)
    count = valid.flatten(1).sum(1)
    return torch.where(count > 0, distance / count.clamp_min(1), 1)


def point_distance(truth: Truth) -> Tensor:
    """Each point's distance from its camera, at least NEAREST_M: (B, T, H, W), in metres."""
    distance = truth.points_camera.norm(dim=-1).clamp_min(NEAREST_M)
    return distance.where(truth.valid, 1)


def confidence_regression(
    points: Tensor, confidence: Tensor, truth: Tensor, valid: Tensor, unit: Tensor, alpha: float
) -> Tensor:
    """Mean of C·‖x̂ - x‖/s - α·log C over valid pixels (eq. 7).

    Args:
        points, truth: (B, T, H, W, 3); confidence, valid: (B, T, H, W).
        unit: s in metres, (B, T, H, W) or what can be broadcast to it.
    """
    truth = truth.where(valid[..., None], 0)  # NaN where invalid would poison the gradient
    error = (points - truth).norm(dim=-1) / unit
    return masked_mean(confidence * error - alpha * confidence.log(), valid)


def edge_loss(depth: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Mean error of the gradients of log depth (…, H, W), over several spans of pixels.

    Where the true depth has a step it counts more: a blurred edge is wrong in few pixels, which a
    mean over all would not notice.
    """
    log_depth = depth.clamp_min(NEAREST_M / 10).log()
    log_truth = truth.where(valid, 1).clamp_min(NEAREST_M / 10).log()
    height, width = depth.shape[-2:]
    parts = []
    for span in EDGE_SPANS_PX:
        for dim, size in ((-1, width), (-2, height)):
            if span < size:
                predicted = _difference(log_depth, span, dim)
                true = _difference(log_truth, span, dim)
                both = valid.narrow(dim, span, size - span) & valid.narrow(dim, 0, size - span)
                weight = 1 + _EDGE_WEIGHT * (true.abs() / _EDGE_STEP).tanh()
                parts.append(masked_mean(weight * (predicted - true).abs(), both))
    return torch.stack(parts).mean()


def sky_loss(depth: Tensor, sky: Tensor, valid: Tensor) -> Tensor:
    """How much nearer than SKY_M the sky is seen, in logarithms of depth (…, H, W).

    A mean over all pixels of which something is known, so that a little sky counts little.
    """
    nearness = math.log(SKY_M) - depth.clamp_min(NEAREST_M / 10).log()
    return nearness.clamp_min(0).where(sky, 0).sum() / (sky | valid).sum().clamp_min(1)


def _difference(values: Tensor, span: int, dim: int) -> Tensor:
    """Each value's difference from the one `span` before it."""
    rest = values.shape[dim] - span
    return values.narrow(dim, span, rest) - values.narrow(dim, 0, rest)


def masked_mean(values: Tensor, valid: Tensor) -> Tensor:
    """The mean of the valid values; 0 where there is none."""
    return values.where(valid, 0).sum() / valid.sum().clamp_min(1)


def pose_loss(output: FrameOutput, truth: Truth, scale: Tensor) -> Tensor:
    """Squared error of quaternion, translation and field of view (eq. 8), mean over frames."""
    rotation = quaternion_error(
        output.quaternion, matrix_to_quaternion(truth.camera_to_world[..., :3, :3])
    )
    translation = _squared(output.translation - truth.camera_to_world[..., :3, 3], scale)
    field_of_view = (output.field_of_view - truth.field_of_view).square().sum(-1)
    return (rotation + translation + field_of_view).mean()


def relative_pose_loss(output: FrameOutput, truth: Truth, scale: Tensor) -> Tensor:
    """Squared error of the motion between consecutive frames (eq. 9); 0 for a single frame."""
    predicted = _steps(output.camera_to_world())
    true = _steps(truth.camera_to_world)
    if predicted.shape[1] == 0:
        return output.translation.sum() * 0
    rotation = quaternion_error(
        matrix_to_quaternion(predicted[..., :3, :3]), matrix_to_quaternion(true[..., :3, :3])
    )
    translation = _squared(predicted[..., :3, 3] - true[..., :3, 3], scale)
    return (rotation + translation).mean()


def quaternion_error(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance (…) of unit quaternions (…, 4), the nearer of b and -b: one rotation."""
    sign = torch.where((a * b).sum(-1, keepdim=True) < 0, -1.0, 1.0)
    return F.mse_loss(a, sign * b, reduction="none").sum(-1)


def _steps(camera_to_world: Tensor) -> Tensor:
    """Motion of each camera seen from the one before: (B, T - 1, 4, 4)."""
    return rigid_inverse(camera_to_world[:, :-1]) @ camera_to_world[:, 1:]


def _squared(difference: Tensor, scale: Tensor) -> Tensor:
    """Squared length (B, T) of differences (B, T, 3) in units of scale (B,)."""
    return (difference / scale[:, None, None]).square().sum(-1)
