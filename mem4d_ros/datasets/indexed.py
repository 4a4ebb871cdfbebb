"""Base classes of readers of recordings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property

from mem4d_ros.datasets.sample import Recording, Sample


class IndexedRecording(ABC):
    """A recording of which any sample can be read on its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _read(self, index: int) -> Sample:
        """The sample number `index`, which is in range."""

    def __getitem__(self, index: int) -> Sample:
        """Negative indices count from the end. Raises IndexError past the ends."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.name} has {len(self)} samples, none with index {index}")
        return self._read(index % len(self))

    def __iter__(self) -> Iterator[Sample]:
        return map(self._read, range(len(self)))


class DeferredRecording:
    """A recording that is opened when something but its name is asked for.

    Of a whole data set only what is used has to be complete, and is looked through. The errors of
    opening it come with the first use.
    """

    def __init__(self, name: str, open_recording: Callable[[], Recording]) -> None:
        self.name = name
        self._open = open_recording

    def __len__(self) -> int:
        return len(self._opened)

    def __getitem__(self, index: int) -> Sample:
        return self._opened[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._opened)

    @cached_property
    def _opened(self) -> Recording:
        return self._open()
