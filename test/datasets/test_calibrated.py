"""Images of a given camera become straight, and what is known of their pixels goes with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mem4d_ros.datasets import (
    CalibratedRecording,
    Calibration,
    Camera,
    FrameError,
    Sample,
    open_samples,
    read_camera,
)
from mem4d_ros.geometry import unproject

WIDTH, HEIGHT = 160, 120
K = np.array([[90.0, 0, 81.0], [0, 92.0, 58.0], [0, 0, 1]])
BENT = Camera(tuple(K.ravel()), (-0.25, 0.06, 0.004, -0.003), width=WIDTH, height=HEIGHT)


def rows_and_columns() -> np.ndarray:
    """An image (H, W, 3) whose colours are its pixels' numbers."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([rows, columns, np.zeros_like(rows)], -1).astype(np.uint8)


def test_without_distortion_only_the_intrinsics_are_new() -> None:
    image = rows_and_columns()
    sample = Calibration(read_camera("90,92,81,58"))(Sample("one", image))
    assert sample.image is image
    np.testing.assert_allclose(sample.intrinsics, K)


def test_a_camera_of_another_size_is_followed_to_the_image() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    sample = Calibration(BENT)(Sample("one", image))
    assert sample.intrinsics is not None
    assert sample.intrinsics[0, 0] == pytest.approx(45)


def test_depth_and_moving_pixels_stay_where_their_colours_are() -> None:
    image = rows_and_columns()
    depth = image[..., 0] + 256 * image[..., 1].astype(np.float32) + 1
    sample = Calibration(BENT)(
        Sample("one", image, depth=depth, moving=image[..., 0] > 60, intrinsics=np.eye(3))
    )
    assert sample.depth is not None
    assert sample.moving is not None
    known = np.isfinite(sample.depth)
    assert 0.8 < known.mean() <= 1
    rows, columns = (sample.depth[known] - 1) % 256, (sample.depth[known] - 1) // 256
    assert np.abs(rows - sample.image[known][:, 0]).max() <= 1.5
    assert np.abs(columns - sample.image[known][:, 1]).max() <= 1.5
    np.testing.assert_array_equal(sample.moving[known], rows > 60)


def test_points_of_the_straight_depth_are_seen_where_the_lens_saw_them() -> None:
    """OpenCV's own model of the lens maps them back to the pixels from which they came."""
    image = rows_and_columns()
    places = image[..., 0] + 256 * image[..., 1].astype(np.float32) + 1
    sample = Calibration(BENT)(Sample("one", image, depth=places))
    assert sample.depth is not None
    assert sample.intrinsics is not None
    known = np.isfinite(sample.depth)
    points = unproject(np.ones((HEIGHT, WIDTH)), sample.intrinsics)[known]
    seen, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), K, np.array(BENT.d))
    found = np.column_stack(((sample.depth[known] - 1) // 256, (sample.depth[known] - 1) % 256))
    assert np.abs(seen[:, 0] - found).max() < 0.75  # the nearest pixel


def test_an_image_of_another_camera_is_named() -> None:
    with pytest.raises(FrameError, match=r"frame 7 is not of the given camera.*160x120"):
        Calibration(BENT)(Sample("frame 7", np.zeros((120, 120, 3), np.uint8)))


@pytest.mark.parametrize(
    ("model", "d", "reason"),
    [
        ("plumb_bob", (1e9, 1e9, 0, 0, 0), "next to nothing of the images would be left"),
        ("equidistant", (0.1, 0.1, 0.1, 0.1, 0.1), "equidistant has 4 numbers"),
    ],
)
def test_a_distortion_that_cannot_be_undone_is_not_left_in_silence(
    model: str, d: tuple[float, ...], reason: str
) -> None:
    camera = Camera(tuple(K.ravel()), d, model, width=WIDTH, height=HEIGHT)
    with pytest.raises(FrameError, match=f"frame 7 is not of the given camera: .*{reason}"):
        Calibration(camera)(Sample("frame 7", rows_and_columns()))


def test_every_sample_of_a_recording_is_calibrated() -> None:
    samples = [Sample(f"{i}", rows_and_columns()) for i in range(3)]

    class Three:
        name = "three"

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Sample:
            return samples[index]

        def __iter__(self) -> Iterator[Sample]:
            return iter(samples)

    recording = CalibratedRecording(Three(), Calibration(BENT))
    assert recording.name == "three"
    assert len(recording) == 3
    for sample in (*recording, recording[1]):
        np.testing.assert_allclose(sample.intrinsics, K)
        assert (sample.image != samples[0].image).any()


def test_a_folder_of_images_takes_a_camera(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), rows_and_columns())
    (tmp_path / "1.png").write_bytes(b"no image")
    first, bad = open_samples(tmp_path, camera=BENT)
    assert isinstance(first, Sample)
    np.testing.assert_allclose(first.intrinsics, K)
    assert not isinstance(bad, Sample)


def test_four_numbers_of_another_image_are_refused() -> None:
    """Of a landscape image, for one that was taken upright."""
    upright = Sample("upright", np.zeros((480, 270, 3), np.uint8))
    with pytest.raises(FrameError, match=r"upright is 270x480 px, .* centre 320, 240 lies outside"):
        Calibration(read_camera("585,585,320,240"))(upright)
