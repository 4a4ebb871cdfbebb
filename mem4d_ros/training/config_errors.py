"""What a training config must be, and the error where it is not."""

from __future__ import annotations

from collections.abc import Sequence


class TrainingConfigError(ValueError):
    """A training config cannot be used; the message names the key."""


def require_at_least(config: object, smallest: int, *names: str) -> None:
    """Raises TrainingConfigError for the first of these fields that is smaller."""
    for name in names:
        if getattr(config, name) < smallest:
            raise TrainingConfigError(
                f"{name} must be at least {smallest}, got {getattr(config, name)}"
            )


def require_ratio(config: object, *names: str) -> None:
    """Raises TrainingConfigError for the first of these fields that is not from 0 to 1."""
    for name in names:
        if not 0 <= getattr(config, name) <= 1:
            raise TrainingConfigError(f"{name} must be from 0 to 1, got {getattr(config, name)}")


def require_range(config: object, smallest: int, *names: str) -> None:
    """Raises TrainingConfigError for the first of these pairs that does not rise from there."""
    for name in names:
        low, high = getattr(config, name)
        if not smallest <= low <= high:
            raise TrainingConfigError(
                f"{name} must be a minimum of at least {smallest} and a maximum, got {(low, high)}"
            )


def require_one_of(config: object, name: str, known: Sequence[object]) -> None:
    """Raises TrainingConfigError where the field has none of the known values."""
    if getattr(config, name) not in known:
        raise TrainingConfigError(f"{name} must be one of {known}, got {getattr(config, name)!r}")
