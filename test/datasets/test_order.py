"""Stamps only grow: what goes back is a bad frame, or ends the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.datasets import BadFrame, InOrder, Sample

IMAGE = np.zeros((16, 16, 3), np.uint8)


@dataclass(frozen=True)
class Stamped:
    stamps: Sequence[float | None]
    name: str = "stamped"

    @property
    def length(self) -> int:
        return len(self.stamps)

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        for index, stamp_s in enumerate(self.stamps):
            yield Sample(f"{index}", IMAGE, stamp_s=stamp_s)


def taken(stamps: Sequence[float | None]) -> tuple[list[int], list[int], list[str]]:
    """Numbers of the samples taken and of those refused, and the remarks."""
    said: list[str] = []
    samples = list(InOrder(Stamped(stamps), said.append))
    good = [int(sample.name) for sample in samples if isinstance(sample, Sample)]
    bad = [int(sample.name) for sample in samples if isinstance(sample, BadFrame)]
    return good, bad, said


@pytest.mark.parametrize(
    ("stamps", "good", "bad"),
    [
        ([0.0, 0.1, 0.2], [0, 1, 2], []),
        ([None, None, None], [0, 1, 2], []),
        ([0.0, 0.2, 0.1, 0.3], [0, 1, 3], [2]),  # out of order
        ([0.0, 0.0, 0.1], [0, 2], [1]),  # twice
        ([0.0, 0.1, 1000, 0.2, 0.3], [0, 1, 3, 4], [2]),  # one jumps ahead
        ([1000, 0.1, 0.2], [1, 2], [0]),
        ([50, 50.1, 0.0, 50.2, 50.3], [0, 1, 3, 4], [2]),  # one jumps back
        ([0.0, 0.1, 60, 60.1], [0, 1, 2, 3], []),  # a pause
    ],
)
def test_single_stamps(stamps: list[float | None], good: list[int], bad: list[int]) -> None:
    assert taken(stamps) == (good, bad, [])


def test_a_loop_ends_where_it_begins_anew() -> None:
    good, bad, said = taken([0.0, 1.0, 2.0, 0.0, 1.0, 2.0])
    assert (good, bad) == ([0, 1, 2], [])
    assert said == [
        "stamps jump back by 2.000 s at 3 (a looped recording?): another world begins there, which"
        " is left out"
    ]


@given(st.lists(st.integers(0, 30), max_size=12))
def test_what_is_taken_is_in_order(tenths: list[int]) -> None:
    stamps = [tenth / 10 for tenth in tenths]
    good, bad, said = taken(stamps)
    assert (np.diff([stamps[index] for index in good]) > 0).all()
    numbers = sorted(good + bad)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) == len(stamps) or said
