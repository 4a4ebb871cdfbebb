"""A folder of images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mem4d_ros.datasets.files import natural_order, read_image
from mem4d_ros.datasets.sample import Frame, FrameError

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
        self.paths = sorted(colour or images, key=natural_order)
        if not self.paths:
            kinds = " ".join(sorted(SUFFIXES))
            raise FrameError(f"{folder} holds no images: give a folder with files of {kinds}")

    @property
    def length(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self.paths):
            yield Frame(index, path.name, read_image(path))
