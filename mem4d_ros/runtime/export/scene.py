"""Results of all records together: dynamic masks of each, and what is static."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mem4d_ros.runtime.export.record_folder import RecordFolder
from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.occupancy import View, Views
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings


@dataclass(frozen=True)
class StaticScene:
    """Static points of all records, and the newest view from each place, in the world."""

    points: ColouredPoints
    views: tuple[View, ...]


def split_scene(
    records: RecordFolder, settings: StaticMapSettings, follow: Callable[[StaticMap], None]
) -> StaticScene:
    """Write each record's moving pixels; what is static in all of them.

    It depends on the records alone, not on how they came about. `follow` gets the map after each.
    Raises OSError or ValueError for a broken file, named.
    """
    splitter, static_map, views = MotionSplitter(), StaticMap(settings), Views()
    for index, record in enumerate(records):
        reconstruction = record.reconstruction(index)
        moving = splitter.split(reconstruction)
        records.add_moving(index, moving)
        static_map.integrate(reconstruction, moving)
        views.add(View.of(reconstruction, moving, settings.min_confidence), is_first=index == 0)
        follow(static_map)
    return StaticScene(static_map.points(), views.all())
