"""Records of frames with contents that can be told apart."""

from __future__ import annotations

import numpy as np
from wall_model import moving

from mem4d_ros.runtime.export import FrameRecord


def make_record(index: int, height: int = 6, width: int = 8) -> FrameRecord:
    rng = np.random.default_rng(index)
    depth = rng.uniform(0.5, 9, (height, width)).astype(np.float32)
    depth[0, index % width] = np.nan
    kept = rng.random((height, width)) < 0.7
    points = rng.normal(size=(height, width, 3)).astype(np.float32)
    return FrameRecord(
        name=f'frame, "{index}"',
        stamp_ns=1_700_000_000_123_456_789 + index * 33_333_333,
        image=rng.integers(0, 256, (height, width, 3), np.uint8),
        depth=depth,
        points_world=np.where(kept[..., None], points, np.float32(np.nan)),
        confidence=np.where(kept, rng.uniform(1, 9, kept.shape), 0).astype(np.float32),
        camera_to_world=moving(index),
        pose_measured=index % 2 == 0,
        intrinsics=np.array([[7.25 + index, 0, 3.5], [0, 7.5, 2.5], [0, 0, 1]]),
    )


def moving_pixels(index: int, height: int = 6, width: int = 8) -> np.ndarray:
    return np.random.default_rng(1000 + index).random((height, width)) < 0.3
