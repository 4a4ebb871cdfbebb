"""An animated WebP image, which OpenCV does not read as a video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from mem4d_ros.datasets.files import name_for_opencv
from mem4d_ros.datasets.sample import Frame, FrameError
from mem4d_ros.datasets.video import unreadable

_ANIMATED = 0x02
"""Of the flags of an extended WebP: https://developers.google.com/speed/webp/docs/riff_container."""

_SHORTEST_MS, _USUAL_MS = 11, 100
"""Files give less where they mean nothing by it; browsers then show a frame the usual time."""


def is_animated_webp(path: Path) -> bool:
    """Whether the file's header says so."""
    with path.open("rb") as file:
        head = file.read(21)
    is_extended = head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) == 21
    return is_extended and bool(head[20] & _ANIMATED)


class Animation:
    """The frames of an animated WebP with the stamps of their durations, from the first one on."""

    def __init__(self, path: Path) -> None:
        """Raises FrameError for a file that cannot be decoded."""
        if not hasattr(cv2, "imreadanimation"):
            raise FrameError(f"{path} is animated, which needs OpenCV 4.11 or newer")
        readable, self._animation = cv2.imreadanimation(name_for_opencv(path))
        if not readable or not len(self._animation.frames):
            raise unreadable(path)

    @property
    def length(self) -> int:
        return len(self._animation.frames)

    def __iter__(self) -> Iterator[Frame]:
        stamp_ms = 0
        frames = zip(self._animation.frames, self._animation.durations, strict=True)
        for index, (image, duration_ms) in enumerate(frames):
            rgb = cv2.cvtColor(image, cv2.COLOR_BGRA2RGB)
            yield Frame(index, f"frame {index}", rgb, stamp_ms / 1e3)
            stamp_ms += int(duration_ms) if duration_ms >= _SHORTEST_MS else _USUAL_MS
