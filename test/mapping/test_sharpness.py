"""Which way points of made-up images can be told from their neighbours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mem4d_ros.mapping.sharpness import LEAST_SHARPNESS, sharpness
from mem4d_ros.mapping.tracker import flow

CENTRE = np.array([[40.0, 40.0]])


def edge(degrees: float) -> np.ndarray:
    """A straight edge through the centre, whose normal is so far from the x axis."""
    y, x = np.mgrid[:81, :81] - 40.0
    normal = np.radians(degrees)
    across = x * np.cos(normal) + y * np.sin(normal)
    return (128 + 100 * np.tanh(across / 2)).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_an_edge_is_seen_across_and_not_along(degrees: float) -> None:
    across, along = sharpness(edge(degrees), CENTRE)[0]
    normal = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    assert abs(across @ normal) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(along) < 2 * LEAST_SHARPNESS
    assert across @ along == pytest.approx(0, abs=1e-6)


def test_a_spot_is_seen_as_well_in_all_directions() -> None:
    y, x = np.mgrid[:81, :81] - 40.0
    spot = (200 * np.exp(-(x**2 + y**2) / 8)).astype(np.uint8)
    np.testing.assert_allclose(np.linalg.norm(sharpness(spot, CENTRE)[0], axis=-1), 1, rtol=0.02)


def test_nothing_is_seen_alike_in_all_directions() -> None:
    plain = np.full((81, 81), 7, np.uint8)
    np.testing.assert_allclose(np.linalg.norm(sharpness(plain, CENTRE)[0], axis=-1), 1)


def test_points_at_the_border_and_none_at_all() -> None:
    corners = np.array([[0.0, 0.0], [80.0, 80.0]])
    assert np.isfinite(sharpness(edge(10), corners)).all()
    assert sharpness(edge(10), np.empty((0, 2))).shape == (0, 2, 2)


def test_the_tracker_errs_along_edges_and_elsewhere_alike() -> None:
    """Textures stretched more and more, moved by a known way, with noise of 2 grey levels."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(30, 300, 20), np.arange(30, 210, 20)), -1)
    points = grid.reshape(-1, 2).astype(np.float64)
    way = np.array([1.3, -0.7])
    corners, edges = [], []
    for stretch in (1, 2, 8, 16):
        texture = cv2.GaussianBlur(rng.normal(0, 1, (240, 330)), (0, 0), 2 * stretch, sigmaY=2)
        texture = 128 + 40 * texture / texture.std()
        shift = np.array([[1, 0, way[0]], [0, 1, way[1]]])
        moved = cv2.warpAffine(texture, shift, (330, 240), borderMode=cv2.BORDER_REFLECT)
        first, second = (
            (image + rng.normal(0, 2, image.shape)).clip(0, 255).astype(np.uint8)
            for image in (texture, moved)
        )
        found, there = flow(first, second, points, points)
        directions = sharpness(first, points[there])
        length = np.linalg.norm(directions, axis=-1, keepdims=True)  # (n, 2, 1)
        off = (directions / length @ (found - points - way)[there, :, None])[..., 0]  # (n, 2)
        corners.append(off[length[:, 1, 0] == 1])
        edges.append(off[length[:, 1, 0] < 0.1])
    across, along = np.median(np.abs(np.concatenate(corners)), axis=0)
    assert along < 2.5 * across
    across, along = np.median(np.abs(np.concatenate(edges)), axis=0)
    assert along > 5 * across
