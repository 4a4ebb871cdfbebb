"""Write safetensors files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from mem4d_ros.writing.whole import whole_file


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a safetensors file; an existing one survives until the new one is whole.

    Raises:
        OSError: it cannot be written, for example because the disk is full.
    """
    on_cpu = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    try:
        with whole_file(path) as partial:
            save_file(on_cpu, partial, dict(metadata or {}))
    except SafetensorError as error:
        raise OSError(f"{path}: {error}") from error
