"""Upsampled depth is right on surfaces and invents nothing at edges."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import ImageTransform, pixel_rays
from mem4d_ros.runtime.depth import upsample_depth

KITTI = ImageTransform.fit(1241, 376, 256)  # scales and crops
KINECT = ImageTransform.fit(640, 480, 256)  # scales only


@pytest.mark.parametrize("transform", [KINECT, KITTI])
def test_a_slanted_plane_stays_that_plane(transform: ImageTransform) -> None:
    intrinsics = np.array([[600.0, 0, 300], [0, 590.0, 200], [0, 0, 1]])
    model_intrinsics = transform.intrinsics_to_model(intrinsics)
    size = (transform.output_height, transform.output_width)
    upsampled = upsample_depth(_plane_depth(model_intrinsics, *size), transform)
    truth = _plane_depth(intrinsics, transform.input_height, transform.input_width)
    error = abs(upsampled / truth - 1)[_interpolated(transform)]
    assert error.max() < 1e-4


def test_no_depth_arises_between_foreground_and_background() -> None:
    rng = np.random.default_rng(0)
    depth = np.where(rng.random((192, 256)) < 0.3, 1.0, 4.0).astype(np.float32)
    assert set(np.unique(upsample_depth(depth, KINECT))) == {1.0, 4.0}


def test_the_edge_of_an_object_stays_within_one_model_pixel() -> None:
    depth = np.full((192, 256), 4, np.float32)
    depth[:, :128] = 1
    row = upsample_depth(depth, KINECT)[240]
    assert np.all(row[:319] == 1)  # the border lies at 320 - 0.5
    assert np.all(row[321:] == 4)


def test_invalid_depth_stays_invalid_and_does_not_spread() -> None:
    depth = np.full((192, 256), 2, np.float32)
    depth[100, 50] = np.nan
    upsampled = upsample_depth(depth, KINECT)
    rows, columns = np.nonzero(np.isnan(upsampled))
    assert 4 <= len(rows) <= 9  # the one pixel covers 2.5 x 2.5
    centre = KINECT.to_input(np.array([50.0, 100.0]))
    assert abs(columns - centre[0]).max() <= 1.25
    assert abs(rows - centre[1]).max() <= 1.25


def test_what_the_crop_removed_is_nan() -> None:
    upsampled = upsample_depth(np.ones((64, 256), np.float32), KITTI)
    assert upsampled.shape == (376, 1241)
    assert np.array_equal(np.isfinite(upsampled), _inside(KITTI))
    assert np.isnan(upsampled).any()


def _plane_depth(intrinsics: np.ndarray, height: int, width: int) -> np.ndarray:
    """Depth of the plane 0.3 x + 0.2 y + z = 3 seen by a pinhole camera."""
    rays = pixel_rays(intrinsics, height, width)
    return (3 / (rays @ np.array([0.3, 0.2, 1.0]))).astype(np.float32)


def _model_pixels(transform: ImageTransform) -> np.ndarray:
    y, x = np.mgrid[: transform.input_height, : transform.input_width]
    return transform.to_model(np.stack([x, y], -1))


def _inside(transform: ImageTransform) -> np.ndarray:
    size = np.array([transform.output_width, transform.output_height])
    pixels = _model_pixels(transform)
    return ((pixels >= -0.5) & (pixels < size - 0.5)).all(-1)


def _interpolated(transform: ImageTransform) -> np.ndarray:
    """Pixels between four model pixels, not in the half-pixel border of the model's image."""
    size = np.array([transform.output_width, transform.output_height])
    pixels = _model_pixels(transform)
    return ((pixels >= 0) & (pixels <= size - 1)).all(-1)
