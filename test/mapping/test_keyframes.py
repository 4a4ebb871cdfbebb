"""What a keyframe keeps of the network's view."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import DenseView


def test_what_is_kept_is_small_and_as_exact_as_depth_needs() -> None:
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.1, 1000, (12, 16)).astype(np.float32)
    depth[0, :2] = np.nan, 1e6
    view = DenseView(depth, np.zeros((12, 16, 3), np.uint8), ImageTransform.fit(32, 24, 16, 4))
    kept = view.kept().depth
    assert kept.dtype == np.float16
    assert np.isnan(kept[0, :2]).all()  # what float16 has no number for is not known
    np.testing.assert_allclose(kept.flat[2:], depth.flat[2:], rtol=1e-3)


def test_what_is_kept_has_not_drifted() -> None:
    depth = np.full((12, 16), 3.0, np.float32)
    image, transform = np.zeros((12, 16, 3), np.uint8), ImageTransform.fit(32, 24, 16, 4)
    kept = DenseView(depth, image, transform, log_drift=np.log(1.5)).kept()
    np.testing.assert_allclose(kept.depth, 2.0, rtol=1e-3)
    assert kept.log_drift == 0
