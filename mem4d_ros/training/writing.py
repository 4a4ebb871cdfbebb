"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a safetensors file; an existing one survives until the new one is whole.

    Raises:
        OSError: it cannot be written, for example because the disk is full.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    on_cpu = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    try:
        save_file(on_cpu, partial, dict(metadata or {}))
        partial.replace(path)
    except SafetensorError as error:
        raise OSError(f"{path}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file; an existing one survives until the new one is whole."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
