"""A video file."""

from collections.abc import Iterator
from pathlib import Path

import cv2

from mem4d_ros.datasets.frames import Frame, FrameError


class Video:
    """The frames of a video, decoded by OpenCV."""

    # A container's count of frames is an estimate, so only reading tells.
    length: int | None = None

    def __init__(self, path: Path) -> None:
        """Raises FrameError for a file that OpenCV cannot decode."""
        self.path = path
        capture = self._open()
        readable, _ = capture.read()
        rate = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        if not readable:
            raise self._unreadable()
        self.frame_rate: float | None = rate if rate > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        capture = self._open()
        try:
            index = 0
            while True:
                readable, image = capture.read()
                if not readable:
                    return
                yield Frame(index, f"frame {index}", cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
                index += 1
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise self._unreadable()
        return capture

    def _unreadable(self) -> FrameError:
        return FrameError(
            f"{self.path} is not a video that OpenCV can decode: give a video file,"
            " or a folder of images"
        )
