"""Rotary position embedding over any number of axes (Su et al. 2021; 3D: time, row, column).

A head's channels are shared by the axes. Each axis rotates its share by angles that are linear in
the position, so a dot product of two rotated vectors depends on their *relative* position alone.
Angles are formed in double precision: a stream of a million frames keeps exact phases.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Table = TypeVar("Table")


@dataclass(frozen=True)
class Rotation:
    """Cosines and sines, each (N, head_dim / 2), of N positions."""

    cos: Tensor
    sin: Tensor

    def apply(self, x: Tensor) -> Tensor:
        """Rotate x (B, heads, N, head_dim); channel i pairs with channel i + head_dim / 2."""
        first, second = x.chunk(2, dim=-1)  # (B, heads, N, head_dim / 2)
        return torch.cat(
            (first * self.cos - second * self.sin, second * self.cos + first * self.sin), dim=-1
        )

    def to(self, like: Tensor) -> Rotation:
        """The same rotation on the device and in the precision of `like`."""
        return Rotation(self.cos.to(like), self.sin.to(like))

    @staticmethod
    def cat(rotations: Sequence[Rotation]) -> Rotation:
        """The rotations of the concatenated positions."""
        return Rotation(
            torch.cat([r.cos for r in rotations]), torch.cat([r.sin for r in rotations])
        )


def rotation(positions: Tensor, axis_dims: Sequence[int], base: float) -> Rotation:
    """Rotations of `positions` (N, axes), axis a turning `axis_dims[a]` channels of each head.

    Frequencies of an axis with d channels are base^(-2i/d), i = 0 … d/2 - 1 radians per unit.
    """
    positions = positions.double()
    angles = [
        positions[:, axis, None] * _frequencies(dims, base, positions.device)  # (N, d / 2)
        for axis, dims in enumerate(axis_dims)
    ]
    angle = torch.cat(angles, dim=1)  # (N, head_dim / 2)
    return Rotation(angle.cos(), angle.sin())


def _frequencies(dims: int, base: float, device: torch.device) -> Tensor:
    """Radians per unit of an axis with so many channels (d / 2)."""
    exponents = torch.arange(0, dims, 2, dtype=torch.float64, device=device) / dims
    return base**-exponents


class MovingRotation:
    """Rotations of N tokens that keep their places while time moves on for all of them alike."""

    def __init__(self, positions: Tensor, axis_dims: Sequence[int], base: float) -> None:
        """positions: (N, axes), time first, at time 0; else as for :func:`rotation`."""
        self._times = positions[:, :1].double()  # (N, 1)
        self._frequencies = _frequencies(axis_dims[0], base, positions.device)
        self._places = rotation(positions[:, 1:], axis_dims[1:], base)

    def at(self, now: float | Tensor, like: Tensor) -> Rotation:
        """The rotations at time `now`, on the device and in the precision of `like`."""
        angle = (self._times + now) * self._frequencies  # (N, d / 2)
        return Rotation(
            torch.cat((angle.cos(), self._places.cos), dim=1),
            torch.cat((angle.sin(), self._places.sin), dim=1),
        ).to(like)


class Tables:
    """Tensors that follow from plain values alone, kept once they were made.

    They stay as long as their owner: few, since a stream has images of one size. While torch traces
    the network, nothing is kept, for what it makes then are no numbers.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], Table]) -> Table:
        """The table of this key, which says all that `make` depends on."""
        if torch.compiler.is_compiling():
            return make()
        if key not in self._kept:
            with torch.inference_mode(False), torch.no_grad():  # serves inference and training
                self._kept[key] = make()
        table: Table = self._kept[key]
        return table


def grid_positions(
    times: Sequence[float],
    height: int,
    width: int,
    *,
    stride: int = 1,
    device: torch.device | None = None,
) -> Tensor:
    """Positions (t, y, x) of a grid of height·width cells at each time: (times * h * w, 3).

    Time by time, row by row. A cell of `stride` patches sits at the mean position of those.
    """
    centre = (stride - 1) / 2
    t = _on_device(times, device)
    y = torch.arange(height, dtype=torch.float64, device=device) * stride + centre
    x = torch.arange(width, dtype=torch.float64, device=device) * stride + centre
    return torch.stack(torch.meshgrid(t, y, x, indexing="ij"), dim=-1).reshape(-1, 3)


def camera_position(
    time: float, height: int, width: int, device: torch.device | None = None
) -> Tensor:
    """Position (1, 3) of the camera token of a height×width grid.

    It has no place in the grid, so it takes the grid's centre: the only choice that moves with the
    grid, which keeps attention a function of relative positions.
    """
    return _on_device([time, (height - 1) / 2, (width - 1) / 2], device)[None]


def _on_device(numbers: Sequence[float], device: torch.device | None) -> Tensor:
    """A few numbers as float64; made on the device, as the host would wait for a copy to a GPU."""
    row = torch.empty(len(numbers), dtype=torch.float64, device=device)
    for index, number in enumerate(numbers):
        row[index].fill_(number)
    return row
