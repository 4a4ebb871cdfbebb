"""The data sets that can be read, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mem4d_ros.datasets.frames import FrameError
from mem4d_ros.datasets.sample import Recording
from mem4d_ros.datasets.seven_scenes import SevenScenes


def open_dataset(name: str, root: Path) -> list[Recording]:
    """The sequences of the data set `name` under `root`, in the order of their names.

    `root` is the folder of one sequence, or one above it at any of the data set's own levels.
    Raises FrameError for an unknown name, a missing folder and one without sequences.
    """
    if name not in DATASETS:
        raise FrameError(f"no data set is called {name!r}: choose from {', '.join(DATASETS)}")
    if not root.is_dir():
        raise FrameError(f"{root} is not a folder: give that of the data set {name!r}")
    return DATASETS[name](root)


def _sequences(
    reader: Callable[[Path, str], Recording], mark: str
) -> Callable[[Path], list[Recording]]:
    """Opens each folder, from the root on down, that holds something that matches `mark`."""

    def find(root: Path) -> list[Recording]:
        if any(root.glob(mark)):
            return [reader(root, root.resolve().name)]
        levels = len(Path(mark).parts)
        folders = sorted({found.parents[levels - 1] for found in root.glob(f"**/{mark}")})
        if not folders:
            raise FrameError(f"{root} holds no sequence: none of its folders has {mark}")
        return [reader(folder, folder.relative_to(root).as_posix()) for folder in folders]

    return find


DATASETS: Mapping[str, Callable[[Path], list[Recording]]] = {
    "7scenes": _sequences(SevenScenes, "*.color.*"),
}
"""Each opens all sequences under a folder; raises FrameError where it cannot."""
