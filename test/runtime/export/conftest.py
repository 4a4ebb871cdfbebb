"""Records with contents that can be told apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from wall_model import moving

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import FrameRecord


def make_record(index: int, height: int = 6, width: int = 8) -> FrameRecord:
    rng = np.random.default_rng(index)
    count = 20 + index
    depth = rng.uniform(0.5, 9, (height, width)).astype(np.float32)
    depth[0, index % width] = np.nan
    return FrameRecord(
        name=f'frame, "{index}"',
        stamp_ns=1_700_000_000_123_456_789 + index * 33_333_333,
        image=rng.integers(0, 256, (height, width, 3), np.uint8),
        depth=depth,
        points=ColouredPoints(
            rng.normal(size=(count, 3)).astype(np.float32),
            rng.integers(0, 256, (count, 3), np.uint8),
            rng.uniform(1, 9, count).astype(np.float32),
        ),
        camera_to_world=moving(index),
        pose_measured=index % 2 == 0,
        intrinsics=np.array([[7.25 + index, 0, 3.5], [0, 7.5, 2.5], [0, 0, 1]]),
    )


@pytest.fixture
def record() -> Callable[[int], FrameRecord]:
    return make_record
