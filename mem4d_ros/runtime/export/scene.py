"""Results of all records together: dynamic masks of each, and the static cloud."""

from __future__ import annotations

from collections.abc import Callable

from mem4d_ros.runtime.export.record_folder import RecordFolder
from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings


def split_scene(
    records: RecordFolder, settings: StaticMapSettings, advance: Callable[[], None]
) -> ColouredPoints:
    """Write each record's moving pixels; the static points of all of them, in the world.

    It depends on the records alone, not on how they came about. `advance` is called after each.
    Raises OSError or ValueError for a broken file, named.
    """
    splitter, static_map = MotionSplitter(), StaticMap(settings)
    for index, record in enumerate(records):
        reconstruction = record.reconstruction(index)
        moving = splitter.split(reconstruction)
        records.add_moving(index, moving)
        static_map.integrate(reconstruction, moving)
        advance()
    return static_map.points()
