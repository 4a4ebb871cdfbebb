"""Which landmarks begin: none on people, while there is enough else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import DenseView, Odometry
from mem4d_ros.mapping.growth import LEAST_STILL

HEIGHT, WIDTH = 240, 320
INTRINSICS = np.array([[300.0, 0, 160], [0, 300.0, 120], [0, 0, 1]])
TRANSFORM = ImageTransform.fit(WIDTH, HEIGHT, 128)
COLUMNS, ROWS = TRANSFORM.resized_size


@pytest.fixture
def image() -> np.ndarray:
    """Texture everywhere."""
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT // 4, WIDTH // 4)).astype(np.uint8)
    large: np.ndarray = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return large


def landmarks_of(image: np.ndarray, people: np.ndarray | None) -> np.ndarray:
    """Pixels (n, 2) of the landmarks that a first frame brings."""
    odometry = Odometry()
    odometry.locate(image, INTRINSICS)
    depth, colours = np.full((ROWS, COLUMNS), 2.0), np.zeros((ROWS, COLUMNS, 3), np.uint8)
    odometry.learn(DenseView(depth, colours, TRANSFORM, people=people), INTRINSICS)
    return odometry.map.newest.pixels


def test_none_begins_on_people(image: np.ndarray) -> None:
    people = np.zeros((ROWS, COLUMNS), bool)
    people[:, COLUMNS // 2 :] = True
    pixels = landmarks_of(image, people)
    assert len(pixels) > LEAST_STILL
    assert pixels[:, 0].max() < WIDTH / 2 + 2
    everywhere = landmarks_of(image, None)
    assert (everywhere[:, 0] > WIDTH / 2).mean() > 0.3


def test_where_hardly_anything_else_is_seen_some_do(image: np.ndarray) -> None:
    pixels = landmarks_of(image, np.ones((ROWS, COLUMNS), bool))
    assert LEAST_STILL // 2 < len(pixels) <= LEAST_STILL


def test_a_landmark_on_which_somebody_stands_by_now_is_not_taken_over(image: np.ndarray) -> None:
    odometry = Odometry()
    colours = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    for frame in range(2):
        shown = np.roll(image, 40 * frame, axis=1)  # far enough for a keyframe
        odometry.locate(shown, INTRINSICS)
        people = np.zeros((ROWS, COLUMNS), bool)
        people[: ROWS // 2] = frame == 1
        depth = np.full((ROWS, COLUMNS), 2.0)
        odometry.learn(DenseView(depth, colours, TRANSFORM, people=people), INTRINSICS)
    first, second = odometry.map.first, odometry.map.newest
    assert first is not second
    assert len(np.intersect1d(first.landmarks, second.landmarks)) > 20
    assert second.pixels[:, 1].min() > HEIGHT / 2 - 2


def test_people_are_not_kept_in_the_dense_depth(image: np.ndarray) -> None:
    people = np.zeros((ROWS, COLUMNS), bool)
    people[:, COLUMNS // 2 :] = True
    odometry = Odometry()
    odometry.locate(image, INTRINSICS)
    depth, colours = np.full((ROWS, COLUMNS), 2.0), np.zeros((ROWS, COLUMNS, 3), np.uint8)
    odometry.learn(DenseView(depth, colours, TRANSFORM, people=people), INTRINSICS)
    kept = odometry.map.newest.dense.depth
    assert np.isnan(kept[people]).all()
    np.testing.assert_array_equal(kept[~people], 2.0)


def test_of_landmarks_on_people_those_seen_most_often_fill_up(image: np.ndarray) -> None:
    odometry = Odometry()
    odometry.locate(image, INTRINSICS)
    depth, colours = np.full((ROWS, COLUMNS), 2.0), np.zeros((ROWS, COLUMNS, 3), np.uint8)
    odometry.learn(DenseView(depth, colours, TRANSFORM), INTRINSICS)
    table, first = odometry.map.landmarks, odometry.map.first
    often = np.arange(len(table)) % 5 == 0
    table.hits[often] = 100
    shown = np.roll(image, 40, axis=1)
    odometry.locate(shown, INTRINSICS)
    everywhere = np.ones((ROWS, COLUMNS), bool)
    odometry.learn(DenseView(depth, colours, TRANSFORM, people=everywhere), INTRINSICS)
    kept = np.intersect1d(first.landmarks, odometry.map.newest.landmarks)
    assert odometry.map.newest is not first
    assert len(kept) == LEAST_STILL
    assert often[kept].mean() > 0.8  # a fifth of all


def test_pixels_of_the_network_lie_at_those_of_the_camera() -> None:
    people = np.zeros((ROWS, COLUMNS), bool)
    people[10:20, 30:50] = True
    view = DenseView(np.ones((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS, 3)), TRANSFORM, 0, people)
    found = view.people_in(np.zeros((HEIGHT, WIDTH), np.uint8))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    at = np.rint(TRANSFORM.to_model(np.stack((x, y), -1).reshape(-1, 2).astype(float))).astype(int)
    expected = people[at[:, 1].clip(0, ROWS - 1), at[:, 0].clip(0, COLUMNS - 1)]
    assert (found.reshape(-1) == expected).mean() > 0.995


def test_landmarks_beside_unknown_depth_begin_where_the_others_do(image: np.ndarray) -> None:
    """Of a depth that has grown by 35 %, and is known in the upper half."""
    odometry = Odometry()
    odometry.locate(image, INTRINSICS)
    depth, colours = np.full((ROWS, COLUMNS), 2.7), np.zeros((ROWS, COLUMNS, 3), np.uint8)
    depth[ROWS // 2 :] = np.nan
    odometry.learn(DenseView(depth, colours, TRANSFORM, log_drift=np.log(1.35)), INTRINSICS)
    table = odometry.map.landmarks
    assert np.isnan(table.log_prior).any()
    np.testing.assert_allclose(np.exp(-table.log_inverse), 2.0)
