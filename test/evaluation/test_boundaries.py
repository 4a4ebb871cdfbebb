"""Contours of depth: where they are, on which side, and how many are found."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.evaluation.boundaries import RATIOS, BoundaryScore, boundary_score


def square(near: float, far: float, at: int = 10) -> np.ndarray:
    """A square of 10 px before a wall."""
    depth = np.full((30, 30), far)
    depth[at : at + 10, at : at + 10] = near
    return depth


def test_the_truth_is_perfect_at_any_scale() -> None:
    true = square(1.0, 2.0)
    assert boundary_score(true, true) == BoundaryScore(pytest.approx(1.0), 1)
    assert boundary_score(3.7 * true, true).f1 == pytest.approx(1.0)


def test_a_flat_or_a_missing_prediction_finds_nothing() -> None:
    true = square(1.0, 2.0)
    assert boundary_score(np.ones_like(true), true) == BoundaryScore(0.0, 1)
    assert boundary_score(np.full_like(true, np.nan), true) == BoundaryScore(0.0, 1)


def test_the_nearer_side_has_to_be_right() -> None:
    assert boundary_score(square(2.0, 1.0), square(1.0, 2.0)).f1 == 0


def test_a_contour_beside_its_place_does_not_count() -> None:
    """Moved by one pixel along the diagonal, no side of a square stays."""
    assert boundary_score(square(1.0, 2.0, at=11), square(1.0, 2.0)).f1 == 0


def test_a_blurred_edge_finds_what_is_steep_enough() -> None:
    """A step of factor 1.44 in two equal ones: each is 1.2, and one of the two is in its place."""
    true = np.repeat([[1.0, 1.0, 1.44, 1.44]], 4, axis=0)
    blurred = np.repeat([[1.0, 1.2, 1.44, 1.44]], 4, axis=0)
    # From left to right: one of two predicted is right, the only true one found; no other way.
    precision, recall = 0.5 / 4, 1 / 4
    at_each = 2 * precision * recall / (precision + recall)
    seen = RATIOS < 1.2
    expected = at_each * RATIOS[seen].sum() / RATIOS.sum()
    assert boundary_score(blurred, true).f1 == pytest.approx(expected)


def test_what_is_unknown_has_no_contours() -> None:
    true = square(1.0, 2.0)
    true[:, :15] = np.nan
    found = square(1.0, 2.0)
    assert boundary_score(found, true).f1 == pytest.approx(0.75)  # its left side is unknown
    assert boundary_score(found, np.full((30, 30), np.nan)) == BoundaryScore()
    assert BoundaryScore().f1 is None


def test_scores_of_images_are_averaged() -> None:
    total = BoundaryScore(0.8, 1) + BoundaryScore(0.4, 1) + BoundaryScore()
    assert total.f1 == pytest.approx(0.6)
