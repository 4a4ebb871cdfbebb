"""The network's image shows the same scene as the camera's, where the transform says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mem4d_ros.geometry import ImageTransform, project
from mem4d_ros.runtime.preprocess import resize_and_crop

SIZES = [(640, 480, 256), (1241, 376, 256), (480, 640, 256), (300, 200, 512)]


@pytest.mark.parametrize(("width", "height", "long_side"), SIZES)
def test_a_blob_lands_where_the_transform_says(width: int, height: int, long_side: int) -> None:
    transform = ImageTransform.fit(width, height, long_side)
    centre = np.array([0.4 * width, 0.6 * height])
    image = _blob(width, height, centre, radius=0.05 * width)
    seen = resize_and_crop(image, transform)
    assert seen.shape == (transform.output_height, transform.output_width, 3)
    assert _centroid(seen) == pytest.approx(transform.to_model(centre), abs=0.05)


@pytest.mark.parametrize(("width", "height", "long_side"), SIZES)
def test_intrinsics_follow_known_points_exactly(width: int, height: int, long_side: int) -> None:
    transform = ImageTransform.fit(width, height, long_side)
    intrinsics = np.array([[585.0, 0, 0.5 * width], [0, 580.0, 0.5 * height], [0, 0, 1]])
    points = np.random.default_rng(0).uniform((-1, -1, 1), (1, 1, 5), (50, 3))
    pixels, _ = project(points, intrinsics)
    model_pixels, _ = project(points, transform.intrinsics_to_model(intrinsics))
    assert model_pixels == pytest.approx(transform.to_model(pixels), abs=1e-9)


def test_shrinking_averages_instead_of_aliasing() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, ::2] = 255  # stripes finer than the network's pixels
    seen = resize_and_crop(image, ImageTransform.fit(640, 480, 320))
    assert np.all(abs(seen.astype(int) - 127) <= 1)


def test_an_image_of_the_models_size_is_left_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)
    assert np.array_equal(resize_and_crop(image, ImageTransform.fit(256, 192, 256)), image)


def _blob(width: int, height: int, centre: np.ndarray, radius: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    value = 255 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * (radius / 2) ** 2))
    return cv2.merge([np.round(value).astype(np.uint8)] * 3)


def _centroid(image: np.ndarray) -> np.ndarray:
    weights = image[..., 0].astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(weights * x).sum(), (weights * y).sum()]) / weights.sum()
