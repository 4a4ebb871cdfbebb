"""A folder of images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from mem4d_ros.datasets.animation import is_animated_webp
from mem4d_ros.datasets.companions import of_one_camera
from mem4d_ros.datasets.file_stamps import stamps_in_names
from mem4d_ros.datasets.files import natural_order, read_image, visible_files
from mem4d_ros.datasets.sample import BadFrame, Frame, FrameError
from mem4d_ros.sensor_messages.deep_image import SensorBits
from mem4d_ros.sensor_messages.remarks import Say, silent

SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".png", ".apng", ".bmp", ".dib", ".tif", ".tiff", ".webp"),
    *(".jp2", ".avif", ".gif", ".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".ras", ".sr", ".hdr"),
}
"""Of images as OpenCV reads them; .pfm and .exr more often hold depth."""

WEBP = ".webp"


class ImageFolder:
    """The images of a folder in the natural order of their names (2 before 10).

    Where names are stamps, as in EuRoC's and TUM's recordings, they are in the order of those.
    Where names tell colour from depth, as `frame-000000.color.jpg` does in 7-Scenes, or the left
    of a pair from the right, only the former are taken. Grey images become RGB.
    """

    def __init__(self, folder: Path, say: Say = silent) -> None:
        """Raises FrameError for a folder without images."""
        files = visible_files(folder)
        images = [path for path in files if path.suffix.lower() in SUFFIXES]
        others = _kinds(path for path in files if path.suffix.lower() not in SUFFIXES)
        broken = [path for path in folder.iterdir() if path.is_symlink() and not path.exists()]
        if broken:
            say(f"{folder}: left out, as links to nothing: {len(broken)}, such as {broken[0].name}")
        if not images:
            kinds = " ".join(sorted(SUFFIXES))
            inner = sorted(path.name for path in folder.iterdir() if path.is_dir())
            folders = f"folders such as {inner[0]}" if inner else ""
            found = " and ".join(filter(None, (others, folders)))
            raise FrameError(
                f"{folder} holds no images{found and f', only {found}'}: give a folder with files"
                f" of {kinds}"
            )
        if others:
            say(f"{folder}: left out, as no images that can be read: {others}")
        self.paths = sorted(of_one_camera(images), key=natural_order)
        if companions := sorted({*images}.difference(self.paths)):
            say(
                f"{folder}: left out, as depth or of a second camera: {len(companions)}, such as"
                f" {companions[0].name}"
            )
        self._say = say
        self._stamps: list[float] | list[None] = [None] * len(self.paths)
        stamps = stamps_in_names(self.paths)
        if stamps is not None:
            order = np.argsort(stamps, kind="stable").tolist()
            self.paths = [self.paths[index] for index in order]
            self._stamps = [stamps[index] for index in order]

    @property
    def length(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Frame | BadFrame]:
        sensor = SensorBits()
        for index, (path, stamp_s) in enumerate(zip(self.paths, self._stamps, strict=True)):
            if path.suffix.lower() == WEBP and is_animated_webp(path):
                self._say(f"{path} is animated: its first image is taken, as of the others")
            try:
                image = read_image(path, self._say, sensor)
            except FrameError as error:
                yield BadFrame(path.name, str(error))
            else:
                yield Frame(index, path.name, image, stamp_s)


def _kinds(paths: Iterable[Path]) -> str:
    """For example '3 .heic, 1 .txt'."""
    counts = Counter(path.suffix.lower() or path.name for path in paths)
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
