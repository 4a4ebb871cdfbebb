"""What all frames make together: what moves, the cloud, a map to plan in, a bag, pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mem4d_ros.cli.terminal.progress import FrameProgress
from mem4d_ros.extras import missing
from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import RecordFolder, write_ply
from mem4d_ros.runtime.export.map_server import write_map
from mem4d_ros.runtime.export.scene import StaticScene, split_scene
from mem4d_ros.runtime.occupancy import Grid, OccupancyMapper, OccupancySettings
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings
from mem4d_ros.sensor_messages.remarks import Say
from mem4d_ros.viz import SceneGrowth, growth_picture, plan_picture, summary_picture
from mem4d_ros.writing import write_picture

MAX_VOXELS = 4_000_000
"""Of the static cloud: some 250 MB."""
FEW_RECORDS = 30
"""Of fewer all count, however unsure: they show what they can."""
OCCUPANCY = "occupancy.yaml"
SUMMARY = "summary.png"
SUMMARY_FRAMES = 4
SUMMARY_POSES = 2000


def write_results(options: argparse.Namespace, records: RecordFolder, say: Say) -> None:
    """Write what all records make together: what moves, the static cloud, the bag, the summary."""
    settings = StaticMapSettings(
        voxel_size_m=options.voxel,
        max_voxels=MAX_VOXELS,
        max_range_m=options.max_range,
        min_confidence=options.min_confidence,
        min_frames=min(len(records), StaticMapSettings.min_frames),
        full_confidence=1 if len(records) < FEW_RECORDS else StaticMapSettings.full_confidence,
    )
    growth = SceneGrowth(len(records))
    with shown("static and moving", len(records)) as advance:

        def follow(static_map: StaticMap) -> None:
            if growth.wants_next():
                growth.keep(static_map.points())
            advance()

        scene = split_scene(records, settings, follow)
    cloud = scene.points
    grid = write_occupancy(options.out / OCCUPANCY, scene, say)
    write_ply(options.out / "static_cloud.ply", cloud)
    write_bag(options.out / "bag", records, cloud, say)
    draw_results(options.out, records, cloud, growth, grid)


def draw_results(
    folder: Path,
    records: RecordFolder,
    cloud: ColouredPoints,
    growth: SceneGrowth,
    grid: Grid | None,
) -> None:
    """Write what a person would rather look at: frames, the scene, how it grew, and its plan."""
    chosen = set(np.linspace(0, len(records) - 1, SUMMARY_FRAMES).round().astype(int).tolist())
    frames = list(records.select(chosen))
    _, poses = records.trajectory(SUMMARY_POSES)
    write_picture(folder / SUMMARY, summary_picture(frames, cloud, poses))
    height, width = frames[0].depth.shape
    grown = growth_picture(growth.stages, poses, frames[0].intrinsics, (width, height))
    write_picture(folder / "growth.png", grown)
    if grid is not None:
        plan = plan_picture(grid, cloud, poses, BODY_FROM_OPTICAL)
        write_picture(folder / "plan.png", plan)


def write_occupancy(path: Path, scene: StaticScene, say: Say) -> Grid | None:
    """Write the map to plan in and hand it on, or say that there is none."""
    mapper = OccupancyMapper(OccupancySettings(), up_known=False)
    grid = mapper.grid(scene.points.positions, scene.views, BODY_FROM_OPTICAL)
    if grid is None:
        say(f"no {path.name} is written: no floor was found below the camera")
        for stale in (path, path.with_suffix(".pgm")):
            stale.unlink(missing_ok=True)
    else:
        write_map(path, grid)
    return grid


def write_bag(folder: Path, records: RecordFolder, cloud: ColouredPoints, say: Say) -> None:
    """Write the bag, or say what it needs."""
    try:
        from mem4d_ros.runtime.export import bag_writer
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("rosbags"):
            raise
        needed = missing("rosbags", "a bag for RViz and Foxglove")
        say(f"all but the bag is written: {needed}; --resume then writes it")
        return
    with shown("bag", len(records)) as advance:
        bag_writer.write_bag(folder, records, cloud, advance)


@contextmanager
def shown(label: str, total: int | None, done: int = 0) -> Iterator[Callable[[], None]]:
    """Calls count frames, which are shown on standard error."""
    progress = FrameProgress(label, total, done, sys.stderr)
    try:
        yield progress.advance
    finally:
        progress.end()
