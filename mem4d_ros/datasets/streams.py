"""From a path to a stream of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mem4d_ros.datasets.bag import Bag, is_bag
from mem4d_ros.datasets.folder import ImageFolder
from mem4d_ros.datasets.registry import open_dataset
from mem4d_ros.datasets.sample import FrameError, FrameSource, Recording, Sample, SampleStream
from mem4d_ros.datasets.video import Video


@dataclass(frozen=True)
class FrameStream:
    """Images of which nothing else is known, stamped where their rate is."""

    name: str
    frames: FrameSource

    @property
    def length(self) -> int | None:
        return self.frames.length

    def __iter__(self) -> Iterator[Sample]:
        rate = self.frames.frame_rate
        for frame in self.frames:
            yield Sample(frame.name, frame.image, stamp_s=frame.index / rate if rate else None)


@dataclass(frozen=True)
class RecordingStream:
    """A recording from its first sample to its last."""

    recording: Recording
    length: int | None

    @property
    def name(self) -> str:
        return self.recording.name

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.recording)


def open_samples(
    source: Path, dataset: str | None = None, topic: str | None = None
) -> SampleStream:
    """The samples of a folder of images, a video, a ROS 2 bag, or one sequence of a data set.

    `dataset` names the data set whose layout the folder has; `topic` is for bags that hold several
    topics with images. Raises FrameError for what cannot be read or chosen.
    """
    if not source.exists():
        raise FrameError(
            f"{source} does not exist: give a folder of images, a video file, a ROS 2 bag,"
            " or the folder of a data set's sequence"
        )
    if dataset is not None:
        return _only_sequence(source, dataset)
    if is_bag(source):
        return Bag(source, topic)
    if topic is not None:
        raise FrameError(f"{source} is not a ROS 2 bag, so it has no topic {topic}")
    path = source.resolve()
    return FrameStream(path.stem if path.is_file() else path.name, open_frames(source))


def _only_sequence(root: Path, dataset: str) -> RecordingStream:
    sequences = open_dataset(dataset, root)
    if len(sequences) > 1:
        names = ", ".join(sequence.name for sequence in sequences)
        raise FrameError(f"{root} holds several sequences ({names}): give the folder of one")
    return RecordingStream(sequences[0], len(sequences[0]))


def open_frames(source: Path) -> FrameSource:
    """The frames of a folder of images or of a video file.

    Raises FrameError for a path that does not exist or cannot be read.
    """
    if not source.exists():
        raise FrameError(f"{source} does not exist: give a folder of images or a video file")
    return ImageFolder(source) if source.is_dir() else Video(source)
