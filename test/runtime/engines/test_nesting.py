"""Nested values are taken apart into tensors and put together again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import torch

from mem4d_ros.runtime.engines.nesting import Nested


@dataclass(frozen=True)
class Pair:
    """A value that holds tensors and others."""

    first: torch.Tensor
    second: torch.Tensor | None


def _value() -> dict[str, object]:
    return {
        "pair": Pair(torch.zeros(2, 3), None),
        "several": [torch.ones(1), (torch.ones(4, dtype=torch.bool), 5)],
        "by stride": {4: torch.full((2,), 7.0)},
        "height": 12,
    }


def _doubled(tensors: tuple[torch.Tensor, ...]) -> Iterator[torch.Tensor]:
    return (tensor + tensor for tensor in tensors)


def test_every_tensor_is_found_in_order() -> None:
    shapes = [tuple(tensor.shape) for tensor in Nested.of(_value()).tensors]
    assert shapes == [(2, 3), (1,), (4,), (2,)]


def test_other_tensors_in_the_same_places() -> None:
    nested = Nested.of(_value())
    made = nested.with_tensors(_doubled(nested.tensors))
    assert made["pair"].second is None
    assert made["height"] == 12
    assert isinstance(made["several"][1], tuple)
    assert made["by stride"][4].tolist() == [14.0, 14.0]


@pytest.mark.parametrize(
    "change",
    [
        {"height": 13},
        {"pair": Pair(torch.zeros(2, 3), torch.zeros(1))},
        {"pair": Pair(torch.zeros(2, 4), None)},
        {"pair": Pair(torch.zeros(2, 3, dtype=torch.float64), None)},
        {"by stride": {8: torch.full((2,), 7.0)}},
    ],
)
def test_a_layout_tells_all_but_the_data(change: dict[str, object]) -> None:
    assert Nested.of(_value() | change).layout != Nested.of(_value()).layout


def test_a_layout_leaves_growing_axes_open() -> None:
    value = _value()
    longer = value | {"pair": replace(value["pair"], first=torch.zeros(9, 3))}  # type: ignore[type-var]
    assert Nested.of(value).layout != Nested.of(longer).layout
    assert Nested.of(value, {"pair": 0}).layout == Nested.of(longer, {"pair": 0}).layout
