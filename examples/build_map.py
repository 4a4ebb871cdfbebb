"""A video or a folder of images becomes one cloud of what stands still in it.

python examples/build_map.py walk.mp4 map.ply
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mem4d_ros.datasets import open_frames, usable_frames
from mem4d_ros.runtime.export import write_ply
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.static_map import StaticMap


def main() -> None:
    """Reconstruct each frame, leave out what moves, and gather the rest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path, help="a .ply file")
    parser.add_argument("--checkpoint", default="", help="weights; empty: those of the package")
    options = parser.parse_args()

    network = load_network(options.checkpoint, "lite", device="auto", precision="auto")
    reconstructor = network.reconstructor(pose_source="auto")
    splitter, static_map = MotionSplitter(), StaticMap()
    for frame in usable_frames(open_frames(options.source), print):
        reconstruction = reconstructor.process(frame.image, stamp_ns=frame.index)
        moving = splitter.split(reconstruction)  # (H, W) bool
        static_map.integrate(reconstruction, moving)
    points = static_map.points()
    write_ply(options.out, points)
    print(f"{len(points.positions)} points in the first camera's frame are in {options.out}")


if __name__ == "__main__":
    main()
