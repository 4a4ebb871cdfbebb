"""Intrinsics follow region of interest, binning and resizing; what does not fit is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bags import camera_info as message

from mem4d_ros.geometry import project
from mem4d_ros.sensor_messages.camera_info import CameraInfoError, intrinsics_of_image

K = np.array([[585.0, 0, 319.5], [0, 580.0, 239.5], [0, 0, 1]])
REGION = {"x_offset": 100, "y_offset": 50, "width": 200, "height": 100}
POINTS = np.random.default_rng(0).uniform((-1, -1, 2), (1, 1, 5), (20, 3))


def camera_info(**changes: Any) -> Any:
    return message(**{"k": K, "width": 640, "height": 480} | changes)


def test_intrinsics_of_the_whole_sensor() -> None:
    np.testing.assert_array_equal(intrinsics_of_image(camera_info(), 640, 480), K)


def test_an_uncalibrated_camera_has_none() -> None:
    assert intrinsics_of_image(camera_info(k=np.zeros(9)), 640, 480) is None


@pytest.mark.parametrize(
    ("changes", "size", "scale", "offset"),
    [
        ({}, (320, 240), 0.5, (0, 0)),
        ({}, (1280, 960), 2.0, (0, 0)),
        ({"binning_x": 2, "binning_y": 2}, (320, 240), 0.5, (0, 0)),
        (
            {"roi": REGION},
            (200, 100),
            1.0,
            (100, 50),
        ),
        (
            {
                "roi": REGION,
                "binning_x": 2,
                "binning_y": 2,
            },
            (100, 50),
            0.5,
            (100, 50),
        ),
    ],
)
def test_known_points_land_where_the_sensors_pixels_went(
    changes: dict[str, Any], size: tuple[int, int], scale: float, offset: tuple[int, int]
) -> None:
    intrinsics = intrinsics_of_image(camera_info(**changes), *size)
    assert intrinsics is not None
    on_sensor, _ = project(POINTS, K)
    expected = (on_sensor + 0.5 - offset) * scale - 0.5  # pixel edges scale
    pixels, _ = project(POINTS, intrinsics)
    np.testing.assert_allclose(pixels, expected, atol=1e-9)


def test_a_size_rounded_to_whole_pixels_is_fine() -> None:
    assert intrinsics_of_image(camera_info(width=1241, height=376), 620, 188) is not None


@pytest.mark.parametrize("size", [(480, 640), (640, 400), (320, 236)])
def test_an_image_of_another_aspect_ratio_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(CameraInfoError, match=f"images have {size[0]}x{size[1]}"):
        intrinsics_of_image(camera_info(), *size)


@pytest.mark.parametrize(
    "k",
    [
        [np.nan] * 9,
        np.eye(3).ravel().tolist(),
        [-585.0, 0, 320, 0, 585, 240, 0, 0, 1],
        [0.0, 0, 320, 0, 0, 240, 0, 0, 1],
        [1e-300, 0, 320, 0, 585, 240, 0, 0, 1],
        [1e308, 0, 320, 0, 585, 240, 0, 0, 1],
        [585.0, 0, -1e308, 0, 585, 240, 0, 0, 1],
        [585.0, 0, 320, 1, 585, 240, 0, 0, 1],
        [585.0, 0, 320, 0, 585, 240, 0, 0, 2],
    ],
)
def test_values_of_no_pinhole_camera_are_refused(k: list[float]) -> None:
    with pytest.raises(CameraInfoError, match="calibrate"):
        intrinsics_of_image(camera_info(k=np.array(k)), 640, 480)


def test_more_coefficients_than_any_lens_has_are_refused() -> None:
    with pytest.raises(CameraInfoError, match="D has 100000 numbers"):
        intrinsics_of_image(camera_info(d=np.full(100_000, 0.1)), 640, 480)


def test_a_camera_info_without_size_is_of_the_images_that_have_its_centre() -> None:
    info = camera_info(width=0, height=0)
    whole = intrinsics_of_image(camera_info(), 640, 480)
    np.testing.assert_array_equal(intrinsics_of_image(info, 640, 480), whole)
    with pytest.raises(CameraInfoError, match="0x0, and K is of another"):
        intrinsics_of_image(info, 1280, 960)


def test_a_camera_info_with_half_a_size_is_refused() -> None:
    with pytest.raises(CameraInfoError, match="640x0"):
        intrinsics_of_image(camera_info(height=0), 640, 480)
