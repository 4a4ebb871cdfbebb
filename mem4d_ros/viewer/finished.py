"""A folder of `mem4d reconstruct` as a recording with a timeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mem4d_ros.runtime.errors import first_line
from mem4d_ros.runtime.export import FrameRecord, RecordReader, read_ply
from mem4d_ros.runtime.export.record_reader import TRAJECTORY
from mem4d_ros.viewer.first_seen import FirstSeen
from mem4d_ros.viewer.scene import NOTHING, Changes, Facts, MapCloud, Scene
from mem4d_ros.viewer.showing import MAP_FROM_WORLD, in_map, shown

STATIC_CLOUD = "static_cloud.ply"
USUAL_RATE_HZ = 10.0
"""Where all frames have the same stamp."""
STRIDE = 5
"""Of a frame's points, every n-th tells what was seen; a cell of the map has many of them."""

UNREADABLE = (OSError, ValueError, EOFError)
"""What is raised for files of a frame that are gone, cut off, empty or of another kind."""


def is_finished(folder: Path) -> bool:
    """Whether the folder is one of `mem4d reconstruct`."""
    return (folder / TRAJECTORY).is_file() and (folder / STATIC_CLOUD).is_file()


class FinishedRecording:
    """Shows any frame. When each part of the map was first seen is found out on the side.

    A frame whose files cannot be read is named on the panel, and left out.
    """

    def __init__(self, folder: Path, scene: Scene) -> None:
        """Raises OSError or ValueError for a folder that cannot be used, named."""
        self._records = RecordReader(folder)
        if not len(self._records):
            raise ValueError(f"{folder} has no frames")
        self._folder = folder
        self._scene = scene
        self._remarks: dict[str, str] = {}
        self._lock = threading.Lock()
        self._static = in_map(read_ply(folder / STATIC_CLOUD))
        stamps, poses = self._records.trajectory(len(self._records))
        self._path = (MAP_FROM_WORLD @ poses)[:, :3, 3]
        seconds = (stamps[-1] - stamps[0]) / 1e9
        self.rate_hz = (len(stamps) - 1) / seconds if seconds > 0 else USUAL_RATE_HZ
        unknown = Changes(static_map=self._map(np.zeros(len(self._static.positions))))
        self._tell("growth", "reading when what was seen", unknown)
        self._growth = threading.Thread(target=self._find_growth, name="growth", daemon=True)
        self._growth.start()

    @property
    def length(self) -> int:
        """Frames."""
        return len(self._records)

    def show(self, index: int, grows: bool) -> None:
        """Put a frame into the scene, and of the map what had been seen by then, or all."""
        try:
            self._tell("frame", "", self._frame(index))
        except UNREADABLE as error:
            self._tell("frame", self._unread(index, error))
        self._scene.put(
            Changes(path=self._path[: index + 1], until=float(index) if grows else np.inf)
        )

    def wait_for_growth(self) -> None:
        """Block until it is known when what was seen."""
        self._growth.join()

    def _map(self, times: np.ndarray) -> MapCloud:
        return MapCloud(self._static, times)

    def _frame(self, index: int) -> Changes:
        """What there is to see of a frame. Raises one of UNREADABLE."""
        (record,) = self._records.select([index])
        return shown(
            record.image,
            record.depth,
            record.camera_to_world,
            record.intrinsics,
            record.points,
            self._records.moving(index),
        )

    def _find_growth(self) -> None:
        seen = FirstSeen()
        unread: list[str] = []
        for index, record in self._readable(unread):
            points = in_map(record.points())
            seen.see(points.positions[::STRIDE], float(index))
        times = seen.times(self._static.positions)
        # What no frame's chosen points were near to is as old as the newest.
        times[~np.isfinite(times)] = self.length - 1
        remark = f"frames left out: {len(unread)}; {unread[0]}" if unread else ""
        self._tell("growth", remark, Changes(static_map=self._map(times)))

    def _readable(self, unread: list[str]) -> Iterator[tuple[int, FrameRecord]]:
        """Frames with their numbers; why the others are left out is added to `unread`."""
        index = 0
        while index < self.length:
            try:
                for record in self._records.select(range(index, self.length)):
                    yield index, record
                    index += 1
                return
            except UNREADABLE as error:
                unread.append(self._unread(index, error))
                index += 1

    def _unread(self, index: int, error: Exception) -> str:
        files = f"its files {index:06d} in {self._folder}"
        return f"frame {index} cannot be read from {files}: {first_line(error)}"

    def _tell(self, topic: str, remark: str, new: Changes = NOTHING) -> None:
        """Put what is new into the scene, and all remarks, this one in place of its topic's."""
        with self._lock:
            self._remarks[topic] = remark
            remarks = "; ".join(filter(None, self._remarks.values()))
            facts = Facts("finished", processed=self.length, remark=remarks)
            self._scene.put(replace(new, facts=facts))
