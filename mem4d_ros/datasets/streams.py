"""From a path to a stream of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mem4d_ros.datasets.animation import Animation, is_animated_webp
from mem4d_ros.datasets.bag import Bag, is_bag
from mem4d_ros.datasets.calibrated import CalibratedStream, Calibration
from mem4d_ros.datasets.camera_file import Camera
from mem4d_ros.datasets.folder import ImageFolder
from mem4d_ros.datasets.registry import open_dataset
from mem4d_ros.datasets.sample import (
    BadFrame,
    Frame,
    FrameError,
    FrameSource,
    Recording,
    Sample,
    SampleStream,
)
from mem4d_ros.datasets.video import Video
from mem4d_ros.sensor_messages.remarks import Say, silent

COLOUR_IMAGES = "*.color.*"
"""As 7-Scenes names them, and 3DMatch after it."""


@dataclass(frozen=True)
class FrameStream:
    """Images of which nothing but a stamp is known, at most."""

    name: str
    frames: FrameSource

    @property
    def length(self) -> int | None:
        return self.frames.length

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        for frame in self.frames:
            if isinstance(frame, BadFrame):
                yield frame
            else:
                yield Sample(frame.name, frame.image, stamp_s=frame.stamp_s)


@dataclass(frozen=True)
class RecordingStream:
    """A recording from its first sample to its last."""

    recording: Recording
    length: int | None

    @property
    def name(self) -> str:
        return self.recording.name

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        for index in range(len(self.recording)):
            try:
                yield self.recording[index]
            except FrameError as error:
                yield BadFrame(f"frame {index}", str(error))


def open_samples(
    source: Path,
    dataset: str | None = None,
    topic: str | None = None,
    say: Say = silent,
    camera: Camera | None = None,
) -> SampleStream:
    """The samples of a folder of images, a video, a ROS bag, or one sequence of a data set.

    `dataset` names the data set whose layout the folder has; `topic` is for bags that hold several
    topics with images; `say` takes remarks; `camera` is believed instead of what the source says of
    its own. Raises FrameError for what cannot be read or chosen.
    """
    if camera is None:
        return _open(source, dataset, topic, say, camera_info=True)
    stream = _open(source, dataset, topic, say, camera_info=False)
    return CalibratedStream(stream, Calibration(camera))


def _open(
    source: Path, dataset: str | None, topic: str | None, say: Say, *, camera_info: bool
) -> SampleStream:
    if not source.exists():
        raise FrameError(
            f"{source} does not exist: give a folder of images, a video file, a ROS bag,"
            " or the folder of a data set's sequence"
        )
    if dataset is not None:
        return _only_sequence(source, dataset)
    if is_bag(source):
        return Bag(source, topic, say, camera_info)
    if topic is not None:
        raise FrameError(f"{source} is not a ROS bag, so it has no topic {topic}")
    path = source.resolve()
    if camera_info and source.is_dir() and any(source.glob(COLOUR_IMAGES)):
        say(f"{source} looks like 7-Scenes: --dataset 7scenes reads its camera as well")
    return FrameStream(path.stem if path.is_file() else path.name, open_frames(source, say))


def _only_sequence(root: Path, dataset: str) -> RecordingStream:
    sequences = open_dataset(dataset, root)
    if len(sequences) > 1:
        names = ", ".join(sequence.name for sequence in sequences)
        raise FrameError(f"{root} holds several sequences ({names}): give the folder of one")
    return RecordingStream(sequences[0], len(sequences[0]))


def open_frames(source: Path, say: Say = silent) -> FrameSource:
    """The frames of a folder of images or of a video file; `say` takes remarks.

    Raises FrameError for a path that does not exist or cannot be read.
    """
    if not source.exists():
        raise FrameError(f"{source} does not exist: give a folder of images or a video file")
    if source.is_dir():
        return ImageFolder(source, say)
    return Animation(source) if is_animated_webp(source) else Video(source, say)


def usable_frames(frames: FrameSource, say: Say = silent) -> Iterator[Frame]:
    """The frames without the bad ones, of which `say` hears. Raises FrameError where all are."""
    count = 0
    for frame in frames:
        if isinstance(frame, BadFrame):
            say(f"{frame.name} is left out: {frame.reason}")
        else:
            count += 1
            yield frame
    if not count:
        raise FrameError("none of the frames can be used")
