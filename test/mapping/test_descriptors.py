"""Descriptors are those that OpenCV makes of the corners that it finds itself."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mem4d_ros.mapping.descriptors import describe, directions


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    rng = np.random.default_rng(0)
    blobs = rng.normal(128, 200, (240, 320)).clip(0, 255).astype(np.uint8)
    return cv2.GaussianBlur(blobs, (0, 0), 2)


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.unpackbits(first ^ second, axis=1).sum(1)


def test_they_are_those_of_opencv(image: np.ndarray) -> None:
    corners, expected = cv2.ORB.create(300, nlevels=1).detectAndCompute(image, None)
    pixels = np.array([corner.pt for corner in corners])
    turn = np.rad2deg(directions(image, pixels)) - [corner.angle for corner in corners]
    assert np.abs((turn + 180) % 360 - 180).max() < 0.1
    assert distances(describe(image, pixels), expected).max() <= 2


def test_a_turned_image_has_the_same(image: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, [320, 240], (200, 2)).astype(float)
    turned = np.stack((pixels[:, 1], 319 - pixels[:, 0]), -1)
    there = describe(np.rot90(image), turned)
    assert np.median(distances(describe(image, pixels), there)) < 10
    assert np.median(distances(describe(image, pixels), there[::-1])) > 100


def test_pixels_at_the_border_are_described_too(image: np.ndarray) -> None:
    corners = np.array([[0.0, 0], [319, 0], [0, 239], [319, 239]])
    assert describe(image, corners).shape == (4, 32)
    assert describe(image, corners[:0]).shape == (0, 32)
