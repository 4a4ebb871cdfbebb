"""A calibration is read from what calibration tools write, and anything else is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mem4d_ros.datasets import FrameError, read_camera

K = np.array([[438.8, 0.0, 305.6], [0.0, 437.3, 243.7], [0.0, 0.0, 1.0]])
D = [-0.362, 0.11, 0.001, -0.0002, 0.01]

ROS = """\
image_width: 640
image_height: 480
camera_name: narrow_stereo/left
camera_matrix:
  rows: 3
  cols: 3
  data: [438.8, 0.000000, 305.6, 0.000000, 437.3, 243.7,
         0.000000, 0.000000, 1.000000]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.362, 0.11, 0.001, -0.0002, 0.01]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.6, 0.0, 303.2, 0.0, 0.0, 412.4, 245.5, 0.0, 0.0, 0.0, 1.0, 0.0]
"""
BLOCKS = """\
image_height: 480
image_width: 640
camera_matrix:
  rows: 3
  cols: 3
  data:
  - 438.8
  - 0.0
  - 305.6
  - 0.0
  - 437.3
  - 243.7
  - 0.0
  - 0.0
  - 1.0
distortion_model: equidistant
distortion_coefficients: {rows: 1, cols: 4, data: [0.05, -0.02, 0.006, -0.001]}
"""


def written(folder: Path, text: str) -> str:
    path = folder / "camera.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_four_numbers_are_a_pinhole_camera_of_any_size() -> None:
    camera = read_camera("438.8,437.3,305.6,243.7")
    np.testing.assert_allclose(np.reshape(camera.k, (3, 3)), K)
    assert camera.d == ()
    assert camera.width == 0


def test_a_file_of_camera_calibration(tmp_path: Path) -> None:
    camera = read_camera(written(tmp_path, ROS))
    np.testing.assert_allclose(np.reshape(camera.k, (3, 3)), K)
    np.testing.assert_allclose(camera.d, D)
    assert (camera.width, camera.height) == (640, 480)
    assert camera.distortion_model == "plumb_bob"
    assert camera.r == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert camera.p[0] == 393.6


def test_a_file_that_lists_its_numbers_line_by_line(tmp_path: Path) -> None:
    camera = read_camera(written(tmp_path, BLOCKS))
    np.testing.assert_allclose(np.reshape(camera.k, (3, 3)), K)
    assert camera.distortion_model == "equidistant"
    assert len(camera.d) == 4
    assert not any(camera.p)


@pytest.mark.parametrize("fisheye", [0, 1])
@pytest.mark.parametrize(
    "names",
    [("camera_matrix", "distortion_coefficients"), ("Camera_Matrix", "Distortion_Coefficients")],
)
def test_a_file_that_opencv_wrote(tmp_path: Path, names: tuple[str, str], fisheye: int) -> None:
    path = str(tmp_path / "out_camera_data.yml")
    storage = cv2.FileStorage(path, cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Thu Nov 26 2026")
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("fisheye_model", fisheye)
    storage.write(names[0], K)
    storage.write(names[1], np.array(D[:4])[:, None])
    storage.release()
    camera = read_camera(path)
    np.testing.assert_allclose(np.reshape(camera.k, (3, 3)), K)
    np.testing.assert_allclose(camera.d, D[:4])
    assert (camera.width, camera.height) == (640, 480)
    assert camera.distortion_model == ("equidistant" if fisheye else "plumb_bob")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("500,500,320", "the camera 500,500,320"),
        ("500,-500,320,240", "fx,fy,cx,cy"),
        ("nan,500,320,240", "fx,fy,cx,cy"),
        ("nowhere.yaml", "nowhere.yaml"),
    ],
)
def test_what_is_no_camera_is_named(text: str, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        read_camera(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just words", "no calibration"),
        ("a: [1, 2", "no calibration"),
        ("image_width: 640\n", "no cameramatrix"),
        (ROS.replace("1.000000]", "]", 1).replace("0.000000, ]", "0.0]"), "of 8 numbers"),
        (ROS.replace("-0.362", ".nan"), "not finite"),
        (ROS.replace("-0.362", "much"), "no distortioncoefficients of numbers"),
        (ROS.replace("plumb_bob", "double_sphere"), "double_sphere"),
    ],
)
def test_what_a_file_lacks_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FrameError, match=message) as error:
        read_camera(written(tmp_path, text))
    assert "camera.yaml" in str(error.value)


def test_a_file_cannot_make_python_objects(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="no calibration"):
        read_camera(written(tmp_path, "camera_matrix: !!python/object/apply:os.getcwd []"))
