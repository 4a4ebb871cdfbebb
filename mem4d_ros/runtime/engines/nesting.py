"""Nested arguments taken apart into tensors, and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from torch import Tensor

NO_GROWTH: Mapping[str, int] = {}


@dataclass(frozen=True)
class Nested:
    """A value that consists of tensors, held by dataclasses, mappings, tuples and lists.

    Attributes:
        value: the whole.
        tensors: those in it, in order.
        layout: all else about it, as text: two values of one layout differ in their tensors' data,
            and in their length along growing axes.
    """

    value: Any
    tensors: tuple[Tensor, ...]
    layout: str

    @staticmethod
    def of(value: Any, growing: Mapping[str, int] = NO_GROWTH) -> Nested:
        """Take a value apart; `growing` has axes by the key of the outermost mapping."""
        tensors: list[Tensor] = []
        layout: list[str] = []
        _take_apart(value, growing, None, tensors, layout)
        return Nested(value, tuple(tensors), " ".join(layout))

    def with_tensors(self, tensors: Iterator[Tensor]) -> Any:
        """The same value of other tensors, as many as it has."""
        return _put_together(self.value, tensors)


def _take_apart(
    value: Any,
    growing: Mapping[str, int],
    axis: int | None,
    tensors: list[Tensor],
    layout: list[str],
) -> None:
    if isinstance(value, Tensor):
        shape: list[int | str] = list(value.shape)
        if axis is not None:
            shape[axis] = "any"
        tensors.append(value)
        layout.append(f"{value.dtype}{shape}")
        return
    inner = _children(value)
    if inner is None:
        layout.append(repr(value))
        return
    layout.append(type(value).__name__ + "(")
    for name, child in inner:
        layout.append(f"{name}=")
        _take_apart(child, NO_GROWTH, growing.get(str(name), axis), tensors, layout)
    layout.append(")")


def _put_together(value: Any, tensors: Iterator[Tensor]) -> Any:
    if isinstance(value, Tensor):
        return next(tensors)
    inner = _children(value)
    if inner is None:
        return value
    made = {name: _put_together(child, tensors) for name, child in inner}
    return _maker(value)(made)


def _children(value: Any) -> list[tuple[Any, Any]] | None:
    """Names and values of what it holds; None if it is no container."""
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, tuple | list):
        return list(enumerate(value))
    return None


def _maker(value: Any) -> Callable[[dict[Any, Any]], Any]:
    """From names and values to a container like this one."""
    kind = type(value)
    if is_dataclass(kind):
        return lambda made: kind(**made)
    if isinstance(value, Mapping):
        return dict
    return lambda made: kind(made.values())
