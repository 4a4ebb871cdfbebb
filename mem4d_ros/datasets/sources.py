"""From a path to the reader that fits it."""

from pathlib import Path

from mem4d_ros.datasets.folder import ImageFolder
from mem4d_ros.datasets.frames import FrameError, FrameSource
from mem4d_ros.datasets.video import Video


def open_frames(source: Path) -> FrameSource:
    """The frames of a folder of images or of a video file.

    Raises FrameError for a path that does not exist or cannot be read.
    """
    if not source.exists():
        raise FrameError(f"{source} does not exist: give a folder of images or a video file")
    return ImageFolder(source) if source.is_dir() else Video(source)
