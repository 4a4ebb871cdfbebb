"""A folder of images."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2

from mem4d_ros.datasets.frames import Frame, FrameError

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


class ImageFolder:
    """The images of a folder in the natural order of their names (2 before 10).

    Where names tell colour from depth, as `frame-000000.color.jpg` does in 7-Scenes, only the
    colour images are taken. Grey images become RGB.
    """

    frame_rate: float | None = None

    def __init__(self, folder: Path) -> None:
        """Raises FrameError for a folder without images."""
        images = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
        colour = [path for path in images if path.stem.lower().endswith(".color")]
        self.paths = sorted(colour or images, key=_natural_order)
        if not self.paths:
            kinds = " ".join(sorted(SUFFIXES))
            raise FrameError(f"{folder} holds no images: give a folder with files of {kinds}")

    @property
    def length(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self.paths):
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None:
                raise FrameError(f"{path} is not a readable image: replace or remove it")
            yield Frame(index, path.name, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Digits are compared as numbers, everything else as text."""
    pieces = re.findall(r"\d+|\D+", path.name.lower())
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]
