"""A video file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.files import name_for_opencv
from mem4d_ros.datasets.sample import Frame, FrameError
from mem4d_ros.sensor_messages.remarks import Say, silent

CUT_OFF_RATIO = 0.9
"""Of the frames that a container counts: its count is an estimate, but not by so much."""
DEFAULT_RATE_HZ = 30.0


class Video:
    """The frames of a video, decoded by OpenCV, with the stamps of the container.

    Those count from the first frame. Phones and screen recorders make frames of uneven length.
    """

    # A container's count of frames is an estimate, so only reading tells.
    length: int | None = None

    def __init__(self, path: Path, say: Say = silent) -> None:
        """Raises FrameError for a file that OpenCV cannot decode."""
        self.path = path
        self._say = say
        capture = open_capture(path)
        readable, _ = capture.read()
        rate = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        if not readable:
            raise unreadable(path)
        self._step_s = 1 / (rate if rate > 0 else DEFAULT_RATE_HZ)

    def __iter__(self) -> Iterator[Frame]:
        capture = open_capture(self.path)
        try:
            first_s = previous_s = None
            index = 0
            while True:
                readable, image = capture.read()
                if not readable:
                    self._check_end(index, previous_s, capture.get(cv2.CAP_PROP_FRAME_COUNT))
                    return
                stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
                if previous_s is not None and not stamp_s > previous_s:
                    stamp_s = previous_s + self._step_s  # the container does not say
                first_s = stamp_s if first_s is None else first_s
                rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                yield Frame(index, f"frame {index}", rgb, stamp_s - first_s)
                previous_s = stamp_s
                index += 1
        finally:
            capture.release()

    def _check_end(self, read: int, newest_s: float | None, promised: float) -> None:
        """Some containers promise a length alone, as so many frames of the mean rate."""
        reached = 0.0 if newest_s is None else newest_s / self._step_s + 1
        if max(read, reached) < CUT_OFF_RATIO * promised:
            self._say(f"{self.path} ends after {read} of {promised:.0f} frames: it is cut off")


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
    capture = cv2.VideoCapture(name_for_opencv(path))
    if not capture.isOpened():
        raise unreadable(path)
    return capture


def unreadable(path: Path) -> FrameError:
    """The error of a file that is no video, for the caller to raise."""
    return FrameError(
        f"{path} is not a video that OpenCV can decode: give a video file, or a folder of images"
    )
