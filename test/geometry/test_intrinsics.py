from __future__ import annotations

from random import Random

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.geometry import (
    ImageTransform,
    fov_to_intrinsics,
    intrinsics_to_fov,
    long_side_of_area,
    project,
)

KINECT = np.array([[585.0, 0.0, 320.0], [0.0, 585.0, 240.0], [0.0, 0.0, 1.0]])
sides = st.integers(60, 2000)


def test_the_field_of_view_reaches_from_edge_to_edge() -> None:
    intrinsics = fov_to_intrinsics(np.array([np.pi / 2, np.pi / 3]), height=48, width=64)
    right, bottom = np.tan(np.pi / 4), np.tan(np.pi / 6)
    corners = np.array([[-right, -bottom, 1.0], [right, bottom, 1.0]])
    pixels, _ = project(corners, intrinsics)
    np.testing.assert_allclose(pixels, [[-0.5, -0.5], [63.5, 47.5]], atol=1e-12)


@given(st.floats(0.1, 3.0), st.floats(0.1, 3.0), sides, sides)
def test_field_of_view_returns_from_its_intrinsics(
    horizontal: float, vertical: float, height: int, width: int
) -> None:
    field_of_view = np.array([horizontal, vertical])
    intrinsics = fov_to_intrinsics(field_of_view, height, width)
    np.testing.assert_allclose(intrinsics_to_fov(intrinsics, height, width), field_of_view)


def test_torch_gives_what_numpy_gives() -> None:
    field_of_view = np.random.default_rng(0).uniform(0.5, 2.0, (3, 2))
    expected = fov_to_intrinsics(field_of_view, 48, 64)
    result = fov_to_intrinsics(torch.as_tensor(field_of_view), 48, 64)
    np.testing.assert_allclose(result.numpy(), expected)


@pytest.mark.parametrize(
    ("size", "long_side", "resized", "output"),
    [
        ((640, 480), 256, (256, 192), (256, 192)),
        ((480, 640), 256, (192, 256), (192, 256)),
        ((1241, 376), 256, (256, 78), (256, 64)),
        ((100, 75), 256, (256, 192), (256, 192)),
        ((640, 480), 250, (250, 188), (240, 176)),
    ],
)
def test_fit_scales_the_long_side_and_crops_to_multiples_of_16(
    size: tuple[int, int], long_side: int, resized: tuple[int, int], output: tuple[int, int]
) -> None:
    transform = ImageTransform.fit(*size, long_side)
    assert transform.resized_size == resized
    assert (transform.output_width, transform.output_height) == output
    assert (transform.crop_x, transform.crop_y) == (
        (resized[0] - output[0]) // 2,
        (resized[1] - output[1]) // 2,
    )


@pytest.mark.parametrize(
    ("size", "output"),
    [
        ((640, 480), (256, 192)),
        ((480, 640), (192, 256)),
        ((1241, 376), (368, 112)),
        ((848, 480), (272, 160)),
        ((720, 1280), (160, 272)),
        ((512, 512), (256, 256)),
    ],
)
def test_a_wide_image_may_have_as_many_pixels_as_one_of_4_to_3(
    size: tuple[int, int], output: tuple[int, int]
) -> None:
    transform = ImageTransform.fit(*size, long_side_of_area(*size, 256))
    assert (transform.output_width, transform.output_height) == output


@given(sides, sides, st.sampled_from([64, 256, 512]))
def test_an_image_of_the_same_area_is_large_enough_and_not_too_large(
    width: int, height: int, long_side: int
) -> None:
    side = long_side_of_area(width, height, long_side)
    assert side >= long_side
    if side > long_side:
        transform = ImageTransform.fit(width, height, side)
        assert transform.output_width * transform.output_height <= long_side**2 * 3 / 4
        kept = transform.output_width * transform.output_height / np.prod(transform.resized_size)
        assert kept > 1 - 17 / side


@pytest.mark.parametrize("size", [(1000, 50), (50, 1000), (0, 480)])
def test_an_impossible_size_is_named(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"{size[0]}x{size[1]}"):
        ImageTransform.fit(*size, 256)


@given(sides, sides, st.integers(600, 1024), st.randoms(use_true_random=False))
def test_projecting_commutes_with_resize_and_crop(
    width: int, height: int, long_side: int, random: Random
) -> None:
    """A point seen through the model's intrinsics lies where the input's pixel is carried to."""
    transform = ImageTransform.fit(width, height, long_side)
    points = np.array([[random.uniform(-2, 2), random.uniform(-2, 2), random.uniform(1, 5)]])
    in_input, _ = project(points, KINECT)
    in_model, _ = project(points, transform.intrinsics_to_model(KINECT))
    np.testing.assert_allclose(transform.to_model(in_input), in_model, atol=1e-9)
    np.testing.assert_allclose(transform.to_input(in_model), in_input, atol=1e-9)


def test_intrinsics_return_from_the_model() -> None:
    transform = ImageTransform.fit(1241, 376, 512)
    there = transform.intrinsics_to_model(KINECT)
    np.testing.assert_allclose(transform.intrinsics_to_input(there), KINECT, atol=1e-12)


def test_pixels_go_where_opencv_resize_and_a_crop_take_the_image() -> None:
    """An image that holds its own x coordinate, resized by OpenCV, holds what `to_input` says."""
    transform = ImageTransform.fit(320, 100, 160)
    image = np.tile(np.arange(320, dtype=np.float32), (100, 1))
    resized = cv2.resize(image, transform.resized_size, interpolation=cv2.INTER_LINEAR)
    rows = slice(transform.crop_y, transform.crop_y + transform.output_height)
    cropped = resized[rows, transform.crop_x : transform.crop_x + transform.output_width]
    columns = np.arange(transform.output_width, dtype=float)
    expected = transform.to_input(np.stack([columns, columns], -1))[:, 0]
    np.testing.assert_allclose(cropped[0], expected, atol=1e-3)
