"""Frozen dataclasses from plain data, such as YAML's; what does not fit is named."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints


def build(kind: Any, data: object, path: str = "") -> Any:
    """A value of the type `kind` from plain data.

    Args:
        kind: a dataclass, int, float, bool, str, `X | None`, `tuple[X, ...]`, `tuple[X, Y]` or a
            mapping, which is taken as it is.
        path: the key of `data`, for messages.

    Raises:
        ValueError: an unknown or missing key, or a value of another type, named by its path.
    """
    if is_dataclass(kind):
        return _build_dataclass(kind, data, path)
    if isinstance(kind, UnionType):
        (inner,) = (option for option in get_args(kind) if option is not type(None))
        return None if data is None else build(inner, data, path)
    if get_origin(kind) is tuple:
        return _build_tuple(get_args(kind), data, path)
    if get_origin(kind) is Mapping:
        return _expect(Mapping, "a table", data, path)
    if kind is float:
        return _build_float(data, path)
    if kind is int and isinstance(data, bool):
        raise ValueError(f"{path} must be a whole number, got {data!r}")
    return _expect(kind, _NAMES[kind], data, path)


_NAMES = {int: "a whole number", bool: "true or false", str: "a text"}


def _build_dataclass(kind: Any, data: object, path: str) -> Any:
    table = _expect(Mapping, "a table", data, path or "the whole")
    known = {field.name: field for field in fields(kind)}
    prefix = f"{path}." if path else ""
    for name in table:
        if name not in known:
            raise ValueError(f"unknown key {prefix}{name}; known: {', '.join(sorted(known))}")
    for name, field in known.items():
        if name not in table and _is_required(field):
            raise ValueError(f"{prefix}{name} is missing")
    hints = get_type_hints(kind)
    values = {name: build(hints[name], value, prefix + name) for name, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}" if path else str(error)) from error


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _build_tuple(kinds: tuple[Any, ...], data: object, path: str) -> tuple[Any, ...]:
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise ValueError(f"{path} must be a list, got {data!r}")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(data)
    if len(kinds) != len(data):
        raise ValueError(f"{path} must be a list of {len(kinds)}, got {data!r}")
    pairs = zip(kinds, data, strict=True)
    return tuple(build(kind, item, f"{path}.{i}") for i, (kind, item) in enumerate(pairs))


def _build_float(data: object, path: str) -> float:
    """Numbers, and texts that are numbers: YAML 1.1 reads 5e-4 as a text."""
    if isinstance(data, (int, float, str)) and not isinstance(data, bool):
        try:
            value = float(data)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
    raise ValueError(f"{path} must be a number, got {data!r}")


def _expect(kind: Any, name: str, data: object, path: str) -> Any:
    if not isinstance(data, kind):
        raise ValueError(f"{path} must be {name}, got {data!r}")
    return data
