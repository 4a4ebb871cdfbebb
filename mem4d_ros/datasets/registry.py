"""The data sets that can be read, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path

from mem4d_ros.datasets.arkitscenes import ArkitScenes
from mem4d_ros.datasets.bonn import open_bonn
from mem4d_ros.datasets.indexed import DeferredRecording
from mem4d_ros.datasets.kitti_depth import GROUND_TRUTH, KittiDepth
from mem4d_ros.datasets.kitti_odometry import KittiOdometry
from mem4d_ros.datasets.nrgbd import NeuralRgbd
from mem4d_ros.datasets.pointodyssey import PointOdyssey
from mem4d_ros.datasets.sample import FrameError, Recording
from mem4d_ros.datasets.scannet import ScanNet
from mem4d_ros.datasets.seven_scenes import SevenScenes, sequence_name
from mem4d_ros.datasets.sintel import Sintel, find_sintel
from mem4d_ros.datasets.spring import Spring
from mem4d_ros.datasets.stereo4d import VIDEO_SUFFIX, Stereo4D
from mem4d_ros.datasets.tum import open_tum

Open = Callable[[Path], list[Recording]]
Reader = Callable[[Path, str], Recording]


def open_dataset(name: str, root: Path) -> list[Recording]:
    """The sequences of the data set `name` under `root`, in the order of their folders.

    `root` is the folder of one sequence, or one above it at any of the data set's own levels. A
    sequence is called by its folder, or by its path below `root` where several folders are called
    the same. It is opened when it is first used, which raises FrameError where it is incomplete.
    Raises FrameError for an unknown name, a missing folder and one without sequences.
    """
    if name not in DATASETS:
        raise FrameError(f"no data set is called {name!r}: choose from {', '.join(DATASETS)}")
    if not root.is_dir():
        raise FrameError(f"{root} is not a folder: give that of the data set {name!r}")
    sequences = DATASETS[name](root)
    if not sequences:
        raise FrameError(f"{root} holds no sequence in the layout of the data set {name!r}")
    return sequences


def _sequences(
    reader: Reader, mark: str, name_of: Callable[[Path], str] = attrgetter("name")
) -> Open:
    """Opens each folder, from the root on down, that holds something that matches `mark`."""
    return lambda root: _open_all(reader, root, _marked(root, mark), name_of)


def _marked(root: Path, mark: str) -> list[Path]:
    if any(root.glob(mark)):
        return [root]
    levels = len(Path(mark).parts)
    return sorted({found.parents[levels - 1] for found in root.glob(f"**/{mark}")})


def _open_all(
    reader: Reader,
    root: Path,
    folders: Sequence[Path],
    name_of: Callable[[Path], str] = attrgetter("name"),
) -> list[Recording]:
    names = [name_of(folder.resolve()) for folder in folders]
    if len(set(names)) < len(names):
        names = [folder.relative_to(root).as_posix() for folder in folders]
    return [
        DeferredRecording(name, partial(reader, folder, name))
        for folder, name in zip(folders, names, strict=True)
    ]


def _open_kitti(root: Path) -> list[Recording]:
    depth = _open_all(KittiDepth, root, _marked(root, GROUND_TRUTH))
    return depth or _open_all(KittiOdometry, root, _marked(root, "calib.txt"))


DATASETS: Mapping[str, Open] = {
    "7scenes": _sequences(SevenScenes, "*.color.*", sequence_name),
    "tum": _sequences(open_tum, "rgb.txt"),
    "bonn": _sequences(open_bonn, "rgb.txt"),
    "sintel": lambda root: _open_all(Sintel, root, find_sintel(root)),
    "kitti": _open_kitti,
    "nrgbd": _sequences(NeuralRgbd, "images"),
    "scannet": _sequences(ScanNet, "color"),
    "stereo4d": _sequences(Stereo4D, f"*{VIDEO_SUFFIX}"),
    "spring": _sequences(Spring, "frame_left"),
    "pointodyssey": _sequences(PointOdyssey, "rgbs"),
    "arkitscenes": _sequences(ArkitScenes, "lowres_wide"),
}
"""Each opens all sequences under a folder, none where there are none."""
