"""What readers give: images one at a time, and samples with what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class FrameError(ValueError):
    """A source of frames that cannot be read; the message names it and the remedy."""


@dataclass(frozen=True)
class BadFrame:
    """Stands where a source has a frame that cannot be used; those behind it may be fine."""

    name: str  # as of the others
    reason: str  # names the file


@dataclass(frozen=True)
class Frame:
    """One image of a source."""

    index: int  # from 0; bad frames are counted, too
    name: str  # for messages: a file's name, or the frame's number in a video
    image: np.ndarray  # (H, W, 3) uint8 RGB
    stamp_s: float | None = None  # None where the source does not say


class FrameSource(Protocol):
    """Images in order, read one at a time. Each iteration starts from the first."""

    @property
    def length(self) -> int | None:
        """How many frames there are, None where only reading tells."""

    def __iter__(self) -> Iterator[Frame | BadFrame]:
        """Raises FrameError where nothing more can be read."""


@dataclass(frozen=True)
class Sample:
    """One frame with what is known of it; None where nothing is.

    The camera's axes are OpenCV's (x right, y down, z forward); lengths are metres.
    """

    name: str  # for messages and results
    image: np.ndarray  # (H, W, 3) uint8 RGB
    depth: np.ndarray | None = None  # (H, W) float32 along z, NaN where unknown
    camera_to_world: np.ndarray | None = None  # (4, 4) float64, in the recording's own world
    intrinsics: np.ndarray | None = None  # (3, 3) float64, pixels of `image`
    stamp_s: float | None = None
    moving: np.ndarray | None = None  # (H, W) bool, surfaces that move of their own


class Recording(Protocol):
    """Samples in order of time, read when they are asked for."""

    @property
    def name(self) -> str: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample:
        """Raises FrameError at a file that cannot be used, named; IndexError past the ends."""
        ...

    def __iter__(self) -> Iterator[Sample]:
        """Raises FrameError at a file that cannot be used, named."""
        ...


class SampleStream(Protocol):
    """Samples in order of time, of a source that may be readable only from its start."""

    @property
    def name(self) -> str: ...

    @property
    def length(self) -> int | None:
        """How many samples there are, None where only reading tells."""
        ...

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        """Each iteration starts from the first. Raises FrameError where nothing can be read."""
        ...
