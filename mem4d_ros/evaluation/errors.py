"""Errors that keep a sequence from being measured."""

from __future__ import annotations


class NotMeasurable(ValueError):  # noqa: N818
    """Prediction or truth lacks what a protocol needs; the message names the place and why."""
