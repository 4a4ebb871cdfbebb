"""Runs of frames side by side, before and after they are varied, and the truth in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mem4d_ros.geometry import intrinsics_to_fov, rigid_inverse, transform_points, unproject
from mem4d_ros.training.losses import Truth


@dataclass(frozen=True)
class Clips:
    """B runs of T frames of one size, each by one camera.

    Attributes:
        images: (B, T, 3, H, W), RGB, uint8 or float in [0, 1].
        depth: (B, T, H, W) metres along z, 0 or NaN where unknown, inf of the sky.
        camera_to_world: (B, T, 4, 4).
        intrinsics: (B, 3, 3), pixels of these images.
        moving: (B, T, H, W) bool.
    """

    images: Tensor
    depth: Tensor
    camera_to_world: Tensor
    intrinsics: Tensor
    moving: Tensor

    @staticmethod
    def cat(parts: Sequence[Clips]) -> Clips:
        """All clips of `parts` side by side."""
        if len(parts) == 1:
            return parts[0]
        return Clips(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Clips)))

    @property
    def intrinsics_of_frames(self) -> Tensor:
        """(B, T, 3, 3)."""
        return self.intrinsics[:, None].expand(-1, self.depth.shape[1], -1, -1)

    @property
    def known_depth(self) -> Tensor:
        """(B, T, H, W) metres along z, 0 where it is unknown or the sky's."""
        depth = self.depth.float()
        return depth.where(depth.isfinite() & (depth > 0), 0)


def truth_of(clips: Clips) -> Truth:
    """Ground truth of the clips; each one's first camera becomes its world."""
    depth = clips.depth.float()
    height, width = depth.shape[-2:]
    intrinsics = clips.intrinsics_of_frames
    poses = rigid_inverse(clips.camera_to_world[:, :1]) @ clips.camera_to_world  # (B, T, 4, 4)
    points_camera = unproject(depth, intrinsics)  # (B, T, H, W, 3)
    return Truth(
        points_world=transform_points(poses, points_camera),
        points_camera=points_camera,
        valid=clips.known_depth > 0,
        sky=depth == torch.inf,
        camera_to_world=poses,
        field_of_view=intrinsics_to_fov(intrinsics, height, width),
    )
