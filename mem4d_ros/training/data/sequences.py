"""Sequences with truth in a compact form, in memory and on disk."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mem4d_ros.writing import write_tensors


class CorruptSequence(ValueError):  # noqa: N818
    """A file does not hold the sequence it should; the message names file and reason."""


@dataclass(frozen=True)
class StoredSequence:
    """A sequence of T frames with truth.

    Attributes:
        images: (T, 3, H, W) uint8; depth: (T, H, W) float16, m along z, NaN where
            unknown, inf of the sky.
        camera_to_world: (T, 4, 4) float32; intrinsics: (3, 3) float32.
        moving: (T, H, W) bool.
    """

    images: Tensor
    depth: Tensor
    camera_to_world: Tensor
    intrinsics: Tensor
    moving: Tensor

    def frames(self, indices: Tensor) -> StoredSequence:
        """The frames `indices` (N,) in this order."""
        return replace(
            self,
            images=self.images[indices],
            depth=self.depth[indices],
            camera_to_world=self.camera_to_world[indices],
            moving=self.moving[indices],
        )

    def to(self, device: torch.device) -> StoredSequence:
        """The same on `device`."""
        return StoredSequence(**{name: value.to(device) for name, value in vars(self).items()})


class SequencePool(Protocol):
    """Sequences of one size by index; the same index always gives the same."""

    @property
    def corrupt(self) -> int:
        """Number of corrupt files so far; they were named, and made again or skipped."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> StoredSequence:
        """Raises IndexError beyond the end."""


def write_sequence(path: Path, sequence: StoredSequence) -> None:
    """Write all at once: other processes see the whole file or none."""
    write_tensors(path, vars(sequence))


def read_sequence(path: Path, frames: int, height: int, width: int) -> StoredSequence:
    """Read a sequence of this size.

    Raises:
        CorruptSequence: the file is truncated, or holds something else.
    """
    sequence = read_any_sequence(path)
    if sequence.images.shape != (frames, 3, height, width):
        raise CorruptSequence(f"{path}: images is missing or of another size or type")
    return sequence


def read_any_sequence(path: Path) -> StoredSequence:
    """Read a sequence of any size.

    Raises:
        CorruptSequence: the file is truncated, or holds something else.
    """
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise CorruptSequence(f"{path}: {error}") from error
    shape = tensors["images"].shape if "images" in tensors else ()
    if len(shape) != 4:
        raise CorruptSequence(f"{path}: images is missing or of another size or type")
    frames, _, height, width = shape
    expected = {
        "images": (torch.uint8, (frames, 3, height, width)),
        "depth": (torch.float16, (frames, height, width)),
        "camera_to_world": (torch.float32, (frames, 4, 4)),
        "intrinsics": (torch.float32, (3, 3)),
        "moving": (torch.bool, (frames, height, width)),
    }
    for field in fields(StoredSequence):
        found = tensors.get(field.name)
        if found is None or (found.dtype, tuple(found.shape)) != expected[field.name]:
            raise CorruptSequence(f"{path}: {field.name} is missing or of another size or type")
    for name in ("camera_to_world", "intrinsics"):
        if not tensors[name].isfinite().all():
            raise CorruptSequence(f"{path}: {name} is not finite")
    return StoredSequence(**tensors)
