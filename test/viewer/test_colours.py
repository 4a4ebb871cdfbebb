"""Colours by what a point is, as OpenCV's colour maps have them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.colours import AGE, CONFIDENCE, HEIGHT, IMAGE, MODES, Spans, colours_of


def a_ramp(count: int = 101) -> ColouredPoints:
    """Points from 0 to 2 m of height, whose confidence grows with it from 1 to e²."""
    heights = np.linspace(0, 2, count, dtype=np.float32)
    positions = np.stack((np.zeros(count), np.zeros(count), heights), -1).astype(np.float32)
    return ColouredPoints(positions, np.full((count, 3), 77, np.uint8), np.exp(heights))


def map_end(name: int, level: int) -> list[int]:
    bgr = cv2.applyColorMap(np.array([[level]], np.uint8), name)[0, 0]
    return bgr[::-1].tolist()


def test_by_image_they_are_the_images() -> None:
    points = a_ramp()
    assert colours_of(points, np.zeros(101), IMAGE, Spans()) is points.colours


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        (HEIGHT, cv2.COLORMAP_TURBO),
        (CONFIDENCE, cv2.COLORMAP_VIRIDIS),
        (AGE, cv2.COLORMAP_PLASMA),
    ],
)
def test_the_least_and_the_most_are_the_ends_of_a_colour_map(mode: str, name: int) -> None:
    spans = Spans(height=(0, 2), confidence=(0, 2), time=(0, 2))
    points = a_ramp()
    colours = colours_of(points, points.positions[:, 2], mode, spans)
    assert colours[0].tolist() == map_end(name, 0)
    assert colours[-1].tolist() == map_end(name, 255)
    assert colours[50].tolist() == map_end(name, 128)


def test_spans_hold_what_there_is() -> None:
    points = a_ramp()
    spans = Spans.of(points, np.linspace(10, 13, 101))
    assert spans.height == (0.0, 2.0)
    assert spans.confidence == (0.0, 2.0)
    assert spans.time == (10.0, 14.0)


def test_spans_hardly_change_with_a_map_that_grows_a_little() -> None:
    before = Spans.of(a_ramp(), np.linspace(10, 13, 101))
    assert Spans.of(a_ramp(150), np.linspace(10, 13.5, 150)) == before


def test_no_points_have_no_colours() -> None:
    none = ColouredPoints(
        np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
    )
    spans = Spans.of(none, np.empty(0))
    for mode in MODES:
        assert colours_of(none, np.empty(0), mode, spans).shape == (0, 3)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="image, height, confidence, age"):
        colours_of(a_ramp(), np.zeros(101), "depth", Spans())
