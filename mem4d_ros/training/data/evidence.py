"""Geometric evidence simulated from truth: what a robot would know of its frames, with its errors.

Points are at corners, as a tracker picks them, or where a lidar or time-of-flight sensor has them.
A landmark's error stays with it from frame to frame: half of its variance is a function of the
place in the world. All is batched, stays on the clips' device and never makes the host wait.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mem4d_ros.evaluation.evidence_points import (
    ChosenPixels,
    best_pixels,
    corner_strength,
    local_maxima,
)
from mem4d_ros.geometry import rigid_inverse, transform_points, unproject
from mem4d_ros.geometry.poses import quaternion_to_matrix
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.training.data.chance import Chance
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.variation import SimulatedEvidence

_WAVES = 8
_WAVE_RAD_PER_M = 4.0
"""The part of the error that belongs to a place is a sum of so many waves, about so long."""
_CORNER_RADII_PX = (2, 4, 7)


def knows_intrinsics(batch: int, config: SimulatedEvidence, chance: Chance) -> Tensor:
    """Which of the samples come with intrinsics: (B,) bool."""
    return ~chance.happens(config.without_intrinsics, batch)


def simulate(
    clips: Clips, known_intrinsics: Tensor, config: SimulatedEvidence, chance: Chance
) -> Evidence:
    """Evidence of all frames of `clips`, whose images are float in [0, 1]: shapes (B, T, …).

    Args:
        known_intrinsics: (B,) bool.
    """
    batch, length, height, width = clips.depth.shape
    is_sensor = chance.happens(config.sensor, batch)
    scale = torch.where(is_sensor, 1.0, (config.common_scale * chance.normal(batch)).exp())
    chosen = _choose(clips, is_sensor, config, chance)
    measured, deviation = _measure(clips, chosen, is_sensor, scale, config, chance)
    return Evidence(
        intrinsics=clips.intrinsics_of_frames,
        depth=chosen.to_maps(measured, height, width).unflatten(0, (batch, length)),
        deviation=chosen.to_maps(deviation, height, width).unflatten(0, (batch, length)),
        camera_to_world=noisy_poses(clips.camera_to_world, scale, config, chance),
        has_intrinsics=known_intrinsics[:, None].expand(-1, length),
        has_pose=chance.happens(config.with_pose, batch)[:, None].expand(-1, length),
    )


def _choose(
    clips: Clips, is_sensor: Tensor, config: SimulatedEvidence, chance: Chance
) -> ChosenPixels:
    """Pixels of all B · T frames, only where the depth is known."""
    batch, length, height, _ = clips.depth.shape

    def of_frames(values: Tensor) -> Tensor:
        """(B, …) to (B · T, …)."""
        return values.repeat_interleave(length, dim=0)

    strength = corner_strength(clips.images.flatten(0, 1))  # (B · T, H, W)
    spread = 3 * of_frames(chance.uniform(batch))[:, None, None]
    varied = strength * (spread * chance.normal(*strength.shape)).exp()
    corners = local_maxima(varied, chance.one_of(_CORNER_RADII_PX))
    # A sensor's points are anywhere, or on some of the image's rows.
    share = torch.where(chance.happens(0.5, batch), 1.0, 0.03 + 0.1 * chance.uniform(batch))
    on_row = chance.uniform(batch, height) < share[:, None]
    anywhere = chance.uniform(*strength.shape) * of_frames(on_row)[:, :, None]
    score = torch.where(of_frames(is_sensor)[:, None, None], anywhere, corners)
    known = clips.known_depth.flatten(0, 1) > 0
    chosen = best_pixels(score * known, max(config.corners[1], config.sensor_points[1]))

    count = torch.where(
        is_sensor,
        chance.log_uniform(*config.sensor_points, batch),
        chance.log_uniform(*config.corners, batch),
    ).round()
    count = count.where(~chance.happens(config.without_points, batch), 0)
    begin = length * chance.uniform(batch) * chance.happens(config.late, batch)
    frame = torch.arange(length, device=count.device)
    counts = count[:, None] * (frame >= begin[:, None].floor())  # (B, T)
    rank = torch.arange(chosen.index.shape[1], device=count.device)
    return ChosenPixels(chosen.index, chosen.found & (rank < counts.flatten()[:, None]))


def _measure(
    clips: Clips,
    chosen: ChosenPixels,
    is_sensor: Tensor,
    scale: Tensor,
    config: SimulatedEvidence,
    chance: Chance,
) -> tuple[Tensor, Tensor]:
    """Measured depth and its stated deviation at the chosen pixels, metres: (B · T, K) each."""
    batch, length = clips.depth.shape[:2]
    true = chosen.of(clips.known_depth.flatten(0, 1))  # (B · T, K)
    moving = chosen.of(clips.moving.flatten(0, 1))
    noise = torch.where(
        is_sensor,
        chance.between(*config.sensor_noise, batch),
        chance.between(*config.noise, batch),
    )

    def of_points(values: Tensor) -> Tensor:
        """(B,) to (B · T, 1)."""
        return values.repeat_interleave(length)[:, None]

    own = chance.normal(*true.shape)
    error = (own + _error_of_place(clips, chosen, chance)) / 2**0.5  # of variance 1
    measured = true * of_points(scale) * (1 + of_points(noise) * error).clamp_min(0.2)
    share = torch.where(moving, config.moving_outliers, config.outliers)
    share = share * torch.where(of_points(is_sensor), 0.2, 1.0)
    wrong = chance.uniform(*true.shape) < share
    factor = (chance.between(-1.0, 1.0, *true.shape) * 0.9).exp()
    measured = torch.where(wrong, measured * factor, measured)
    stated = of_points(noise * (config.misstatement * chance.normal(batch)).exp())
    return measured, measured * stated * (0.2 * chance.normal(*true.shape)).exp()


def _error_of_place(clips: Clips, chosen: ChosenPixels, chance: Chance) -> Tensor:
    """A smooth random function of the place in the world, of variance 1: (B · T, K)."""
    batch, length = clips.depth.shape[:2]
    points_camera = unproject(clips.known_depth, clips.intrinsics_of_frames)
    points = transform_points(clips.camera_to_world, points_camera)  # (B, T, H, W, 3)
    points = points.flatten(0, 1).flatten(1, 2)  # (B · T, H · W, 3)
    at = points.gather(1, chosen.index[..., None].expand(-1, -1, 3))  # (B · T, K, 3)
    waves = _WAVE_RAD_PER_M * chance.normal(batch, 3, _WAVES).repeat_interleave(length, dim=0)
    phase = 6.2832 * chance.uniform(batch, 1, _WAVES).repeat_interleave(length, dim=0)
    return (at @ waves + phase).cos().sum(-1) * (2 / _WAVES) ** 0.5


def noisy_poses(
    camera_to_world: Tensor, scale: Tensor, config: SimulatedEvidence, chance: Chance
) -> Tensor:
    """Poses (B, T, 4, 4) in the first camera's frame as odometry has them: their error grows.

    Args:
        scale: (B,), by which all translations are too long.
    """
    batch, length = camera_to_world.shape[:2]
    steps = rigid_inverse(camera_to_world[:, :-1]) @ camera_to_world[:, 1:]  # (B, T - 1, 4, 4)
    sigma = torch.deg2rad(chance.between(0.0, config.pose_rotation, batch))[:, None, None]
    turn = sigma * chance.normal(batch, length - 1, 3)
    quaternion = torch.cat((torch.ones_like(turn[..., :1]), turn / 2), dim=-1)
    step = steps[..., :3, 3]
    share = chance.between(0.0, config.pose_translation, batch)[:, None, None]
    shift = share * step.norm(dim=-1, keepdim=True) * chance.normal(batch, length - 1, 3) / 3**0.5
    rotations = steps[..., :3, :3] @ quaternion_to_matrix(quaternion)
    translations = (step + shift) * scale[:, None, None]
    poses = [torch.eye(4, device=turn.device).expand(batch, 4, 4)]
    for t in range(length - 1):
        moved = torch.cat((rotations[:, t], translations[:, t, :, None]), dim=-1)  # (B, 3, 4)
        moved = torch.cat((moved, poses[0][:, 3:]), dim=1)
        poses.append(poses[-1] @ moved)
    return torch.stack(poses, dim=1)
