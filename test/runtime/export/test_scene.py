"""What all records make together, where the world is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from wall_model import WALL_M, WallModel

from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import OnlineReconstructor, PointFilter
from mem4d_ros.runtime.export import FrameRecord, RecordFolder
from mem4d_ros.runtime.export.scene import split_scene
from mem4d_ros.runtime.static_map import StaticMapSettings

FRAMES = 5


def records_of_the_wall(folder: Path) -> RecordFolder:
    online = OnlineReconstructor(WallModel(), 64, MemorySizes())
    records = RecordFolder(folder)
    for index in range(FRAMES):
        found = online.process(np.full((48, 64, 3), (200, 30, 10), np.uint8), index)
        records.append(FrameRecord.of(found, f"{index}", PointFilter()))
    return records


def test_a_wall_stands_still(tmp_path: Path) -> None:
    records = records_of_the_wall(tmp_path)
    voxels: list[int] = []
    settings = StaticMapSettings(voxel_size_m=0.1)
    scene = split_scene(records, settings, lambda static_map: voxels.append(len(static_map)))
    cloud = scene.points
    assert scene.views
    assert len(voxels) == FRAMES
    assert voxels[0] > 100
    assert len(cloud.positions) > 100
    np.testing.assert_allclose(cloud.positions[:, 2], WALL_M, atol=1e-4)
    np.testing.assert_array_equal(
        cloud.colours, np.broadcast_to((200, 30, 10), cloud.colours.shape)
    )
    for index in range(FRAMES):
        assert not records.moving(index).any()


def test_it_depends_on_the_records_alone(tmp_path: Path) -> None:
    records = records_of_the_wall(tmp_path)
    first = split_scene(records, StaticMapSettings(), lambda _: None)
    again = split_scene(RecordFolder(tmp_path), StaticMapSettings(), lambda _: None)
    for name, values in vars(first.points).items():
        np.testing.assert_array_equal(getattr(again.points, name), values)
