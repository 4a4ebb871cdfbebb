"""Evidence for small networks, and depth maps to draw points from."""

from __future__ import annotations

import torch

from mem4d_ros.model.evidence import Evidence

INTRINSICS = torch.tensor([[50.0, 0.0, 31.5], [0.0, 50.0, 23.5], [0.0, 0.0, 1.0]])


def points_on(depth: torch.Tensor, every: int = 7, relative: float = 0.04) -> Evidence:
    """Evidence of true depth (..., H, W) at every n-th row and column."""
    chosen = torch.zeros_like(depth)
    chosen[..., 2::every, 3::every] = 1
    return Evidence(depth=depth * chosen, deviation=relative * depth * chosen)


def whole_evidence(batch: int, length: int, height: int = 48, width: int = 64) -> Evidence:
    """Rays, points and poses (B, T, …) of a camera that moves to the right before a slanted wall.

    The first stream lacks its intrinsics, the last its pose, and one frame has no point. In the
    upper half points are precise, as a sensor's are.
    """
    depth = torch.linspace(2.0, 4.0, width).expand(batch, length, height, width).contiguous()
    points = points_on(depth)
    assert points.depth is not None
    assert points.deviation is not None
    points.depth[0, length // 2] = 0
    points.deviation[..., : height // 2, :] *= 0.1
    poses = torch.eye(4).repeat(batch, length, 1, 1)
    poses[..., 0, 3] = 0.1 * torch.arange(length)
    stream = torch.arange(batch)[:, None].expand(batch, length)
    return Evidence(
        intrinsics=INTRINSICS.expand(batch, length, 3, 3),
        depth=points.depth,
        deviation=points.deviation,
        camera_to_world=poses,
        has_intrinsics=stream > 0,
        has_pose=stream < batch - 1,
    )
