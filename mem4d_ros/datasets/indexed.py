"""What readers of recordings have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from mem4d_ros.datasets.sample import Sample


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
