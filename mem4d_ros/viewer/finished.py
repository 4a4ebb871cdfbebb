"""A folder of `mem4d reconstruct` as a recording with a timeline."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from mem4d_ros.runtime.export import RecordReader, read_ply
from mem4d_ros.runtime.export.record_reader import TRAJECTORY
from mem4d_ros.viewer.first_seen import FirstSeen
from mem4d_ros.viewer.scene import Changes, Facts, MapCloud, Scene
from mem4d_ros.viewer.showing import MAP_FROM_WORLD, in_map, shown

STATIC_CLOUD = "static_cloud.ply"
USUAL_RATE_HZ = 10.0
"""Where all frames have the same stamp."""
STRIDE = 5
"""Of a frame's points, every n-th tells what was seen; a cell of the map has many of them."""


def is_finished(folder: Path) -> bool:
    """Whether the folder is one of `mem4d reconstruct`."""
    return (folder / TRAJECTORY).is_file() and (folder / STATIC_CLOUD).is_file()


class FinishedRecording:
    """Shows any frame. When each part of the map was first seen is found out on the side."""

    def __init__(self, folder: Path, scene: Scene) -> None:
        """Raises OSError or ValueError for a folder that cannot be used, named."""
        self._records = RecordReader(folder)
        if not len(self._records):
            raise ValueError(f"{folder} has no frames")
        self._scene = scene
        self._static = in_map(read_ply(folder / STATIC_CLOUD))
        stamps, poses = self._records.trajectory(len(self._records))
        self._path = (MAP_FROM_WORLD @ poses)[:, :3, 3]
        seconds = (stamps[-1] - stamps[0]) / 1e9
        self.rate_hz = (len(stamps) - 1) / seconds if seconds > 0 else USUAL_RATE_HZ
        scene.put(Changes(static_map=self._map(np.zeros(len(self._static.positions)))))
        facts = Facts("finished", processed=self.length, remark="reading when what was seen")
        scene.put(Changes(facts=facts))
        self._growth = threading.Thread(target=self._find_growth, name="growth", daemon=True)
        self._growth.start()

    @property
    def length(self) -> int:
        """Frames."""
        return len(self._records)

    def show(self, index: int, grows: bool) -> None:
        """Put a frame into the scene, and of the map what had been seen by then, or all."""
        (record,) = self._records.select([index])
        moving = self._records.moving(index)
        frame = shown(
            record.image,
            record.depth,
            record.camera_to_world,
            record.intrinsics,
            record.points,
            moving,
        )
        self._scene.put(frame)
        self._scene.put(
            Changes(path=self._path[: index + 1], until=float(index) if grows else np.inf)
        )

    def wait_for_growth(self) -> None:
        """Block until it is known when what was seen."""
        self._growth.join()

    def _map(self, times: np.ndarray) -> MapCloud:
        return MapCloud(self._static, times)

    def _find_growth(self) -> None:
        seen = FirstSeen()
        for index, record in enumerate(self._records):
            points = in_map(record.points())
            seen.see(points.positions[::STRIDE], float(index))
        times = seen.times(self._static.positions)
        # What no frame's chosen points were near to is as old as the newest.
        times[~np.isfinite(times)] = self.length - 1
        self._scene.put(Changes(static_map=self._map(times), facts=Facts("finished", self.length)))
