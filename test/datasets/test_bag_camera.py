"""Intrinsics follow the sensor's pixels to the image's, as they do in the node."""

from typing import Any

import numpy as np
import pytest
from bags import camera_info
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.datasets.bag_camera import intrinsics_of_image


@pytest.mark.parametrize(
    ("changes", "scale", "offset"),
    [
        ({"width": 22, "height": 18}, 1.0, (0, 0)),
        ({"width": 44, "height": 36, "binning_x": 2, "binning_y": 2}, 0.5, (0, 0)),
        ({"width": 44, "height": 36}, 0.5, (0, 0)),
        (
            {
                "width": 640,
                "height": 480,
                "roi": {"x_offset": 100, "y_offset": 50, "width": 22, "height": 18},
            },
            1.0,
            (100, 50),
        ),
    ],
)
def test_intrinsics_follow_the_sensors_pixels_to_the_image(
    changes: dict[str, Any], scale: float, offset: tuple[int, int]
) -> None:
    """A ray meets the pixel that its place on the full sensor becomes."""
    k = np.array([[40.0, 0, 120], [0, 41.0, 60], [0, 0, 1]])
    intrinsics = intrinsics_of_image(camera_info(k, **changes), 22, 18)
    ray = np.array([0.1, -0.2, 1.0])
    seen = (intrinsics @ ray)[:2]
    np.testing.assert_allclose(seen, ((k @ ray)[:2] - offset + 0.5) * scale - 0.5)


@given(
    st.tuples(st.floats(50, 900), st.floats(50, 900), st.floats(0, 640), st.floats(0, 480)),
    st.tuples(st.integers(0, 200), st.integers(0, 100)),
    st.sampled_from([0, 1, 2, 4]),
    st.sampled_from([0.5, 1, 2]),
)
def test_the_node_has_the_same_intrinsics(
    numbers: tuple[float, float, float, float], corner: tuple[int, int], binning: int, scale: float
) -> None:
    conversion = pytest.importorskip("mem4d_ros.ros.conversions.camera_info", reason="needs ROS")
    fx, fy, cx, cy = numbers
    k = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    region = {"x_offset": corner[0], "y_offset": corner[1], "width": 320, "height": 240}
    info = camera_info(k, 640, 480, roi=region, binning_x=binning, binning_y=binning)
    size = [round(side * scale / max(binning, 1)) for side in (320, 240)]
    np.testing.assert_allclose(
        intrinsics_of_image(info, *size), conversion.intrinsics_of_image(info, *size), atol=1e-9
    )


@pytest.mark.parametrize(
    ("info", "error"),
    [
        (camera_info(np.eye(3), 640, 320), "CameraInfo describes 640x320 pixels.*22x18"),
        (camera_info(-np.eye(3), 22, 18), "CameraInfo has K .*: calibrate"),
        (camera_info(np.eye(3), 0, 0), "CameraInfo has no size"),
    ],
)
def test_a_calibration_of_another_image_is_named(info: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        intrinsics_of_image(info, 22, 18)


def test_an_uncalibrated_camera_has_no_intrinsics() -> None:
    assert intrinsics_of_image(camera_info(np.zeros((3, 3)), 22, 18), 22, 18) is None
