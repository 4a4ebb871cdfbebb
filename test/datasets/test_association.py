"""Partners in time are those that the definition gives when it is followed literally."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.datasets.association import associate

TIMES = st.lists(st.integers(0, 60), max_size=12, unique=True)


def closest_pairs_first(stamps: list[int], others: list[int], tolerance: int) -> dict[int, int]:
    partners: dict[int, int] = {}
    while True:
        free = [
            (abs(a - b), i, j)
            for i, a in enumerate(stamps)
            for j, b in enumerate(others)
            if i not in partners and j not in partners.values() and abs(a - b) < tolerance
        ]
        if not free:
            return partners
        _, i, j = min(free)
        partners[i] = j


@given(TIMES, TIMES, st.integers(1, 20))
def test_the_closest_pairs_are_formed_first(
    stamps: list[int], others: list[int], tolerance: int
) -> None:
    expected = closest_pairs_first(stamps, others, tolerance)
    assert associate(np.array(stamps, float), np.array(others, float), tolerance) == expected


def test_an_image_between_two_depths_takes_the_nearer() -> None:
    assert associate(np.array([1.0]), np.array([0.985, 1.010]), 0.02) == {0: 1}


def test_the_tolerance_itself_is_too_far() -> None:
    assert associate(np.array([1.0]), np.array([1.5]), 0.5) == {}
