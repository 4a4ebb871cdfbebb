"""Which seeds are for what."""

from __future__ import annotations

HELD_OUT_SEED = 1_000_000
"""Scenes from this seed up are for measuring and never trained on."""
