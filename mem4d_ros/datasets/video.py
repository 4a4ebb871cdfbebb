"""A video file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.sample import Frame, FrameError


class Video:
    """The frames of a video, decoded by OpenCV."""

    # A container's count of frames is an estimate, so only reading tells.
    length: int | None = None

    def __init__(self, path: Path) -> None:
        """Raises FrameError for a file that OpenCV cannot decode."""
        self.path = path
        capture = open_capture(path)
        readable, _ = capture.read()
        rate = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        if not readable:
            raise unreadable(path)
        self.frame_rate: float | None = rate if rate > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        capture = open_capture(self.path)
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


class VideoCursor:
    """Any frame of a video, by its number; the next ones come without decoding from the start.

    Containers seek to a time or a key frame, which is not exact: frames are counted instead.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._capture: cv2.VideoCapture | None = None
        self._next = 0

    def read(self, index: int) -> np.ndarray | None:
        """Frame number `index`, (H, W, 3) uint8 RGB; None past the end.

        Raises FrameError for a file that OpenCV cannot decode.
        """
        if self._capture is None or index < self._next:
            self._capture, self._next = open_capture(self.path), 0
        while self._next < index and self._capture.grab():
            self._next += 1
        readable, image = self._capture.read()
        if self._next < index or not readable:
            self._capture = None
            return None
        self._next += 1
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def open_capture(path: Path) -> cv2.VideoCapture:
    """The opened video. Raises FrameError for a file that OpenCV cannot decode."""
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise unreadable(path)
    return capture


def unreadable(path: Path) -> FrameError:
    """The error of a file that is no video, for the caller to raise."""
    return FrameError(
        f"{path} is not a video that OpenCV can decode: give a video file, or a folder of images"
    )
