"""What every reader of images gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class FrameError(ValueError):
    """A source of frames that cannot be read; the message names it and the remedy."""


@dataclass(frozen=True)
class Frame:
    """One image of a source."""

    index: int  # from 0, without gaps
    name: str  # for messages: a file's name, or the frame's number in a video
    image: np.ndarray  # (H, W, 3) uint8 RGB


class FrameSource(Protocol):
    """Images in order, read one at a time. Each iteration starts from the first."""

    @property
    def length(self) -> int | None:
        """How many frames there are, None where only reading tells."""

    @property
    def frame_rate(self) -> float | None:
        """Nominal frames per second, None where the source does not say."""

    def __iter__(self) -> Iterator[Frame]:
        """Raises FrameError at a frame that is broken."""
