"""The weights that come with the package, one checkpoint a preset."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "weights"


def packaged_weights(preset: str) -> Path | None:
    """The checkpoint that comes for a preset; None where there is none."""
    path = _FOLDER / f"{preset}.safetensors"
    return path if path.is_file() else None
