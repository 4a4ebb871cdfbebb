"""What is known of a frame besides its image."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Evidence:
    """What is known of frames besides their images; every part may be None. Shapes (B, …), or (B, T, …) for sequences."""

    intrinsics: Tensor | None = None  # (B, 3, 3), pixels of the image
    depth: Tensor | None = None  # (B, H, W) metres along z at the image's pixels, 0 where unknown
    deviation: Tensor | None = (
        None  # (B, H, W) standard deviation of depth, metres, 0 where unknown
    )
    camera_to_world: Tensor | None = None  # (B, 4, 4)
    has_intrinsics: Tensor | None = None  # (B,) bool, None: all
    has_pose: Tensor | None = None  # (B,) bool, None: all
