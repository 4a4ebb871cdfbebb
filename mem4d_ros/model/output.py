"""Output of the network for one frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mem4d_ros.geometry.poses import pose_from


@dataclass(frozen=True)
class FrameOutput:
    """Prediction for one frame of each of B streams; a sequence has shapes (B, T, …).

    World is the first camera's optical frame (x right, y down, z forward); lengths in metres.

    Attributes:
        points_world: (B, H, W, 3), the global pointmap.
        confidence_world: (B, H, W), at least 1.
        points_camera: (B, H, W, 3), the self-view pointmap in this camera's optical frame.
        confidence_camera: (B, H, W), at least 1.
        quaternion: (B, 4), wxyz, of length 1, camera-to-world.
        translation: (B, 3), camera-to-world.
        field_of_view: (B, 2), horizontal and vertical, radians, as the camera head predicts it.
        intrinsics: (B, 3, 3), in pixels of the maps: given ones where there were, else of the
            predicted field of view.
    """

    points_world: Tensor
    confidence_world: Tensor
    points_camera: Tensor
    confidence_camera: Tensor
    quaternion: Tensor
    translation: Tensor
    field_of_view: Tensor
    intrinsics: Tensor

    def camera_to_world(self) -> Tensor:
        """Camera-to-world poses (B, 4, 4)."""
        return pose_from(self.quaternion, self.translation)

    @staticmethod
    def stack(frames: Sequence[FrameOutput]) -> FrameOutput:
        """Frames (B, …) in time order to a sequence (B, T, …)."""
        return FrameOutput(
            *(torch.stack([getattr(f, x.name) for f in frames], dim=1) for x in fields(FrameOutput))
        )
