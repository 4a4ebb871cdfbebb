"""A sequence as files: colour and depth images, poses, intrinsics."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.geometry import matrix_to_quaternion
from mem4d_ros.synthetic.sequence import SyntheticSequence
from mem4d_ros.writing import write_image, write_picture

LARGEST_DEPTH = np.iinfo(np.uint16).max  # mm


def write_sequence(sequence: SyntheticSequence, folder: Path) -> None:
    """Write a sequence into `folder`, which is made if need be.

    frame-000000.color.png   colour, 8 bit
    frame-000000.depth.png   depth along z in mm, 16 bit, 0 where there is none
    poses.txt                TUM format: time in s, x y z in m, qx qy qz qw; camera to world
    intrinsics.txt           3x3, in pixels; pixel centres are integers

    Raises OSError for a file that cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images = (sequence.images.permute(0, 2, 3, 1) * 255).round().byte().cpu().numpy()
    millimetres = (sequence.depth.cpu().numpy() * 1000).round()
    valid = np.isfinite(millimetres) & (millimetres <= LARGEST_DEPTH)
    depths = np.where(valid, millimetres, 0).astype(np.uint16)
    for index, (image, depth) in enumerate(zip(images, depths, strict=True)):
        write_picture(folder / f"frame-{index:06d}.color.png", image)
        write_image(folder / f"frame-{index:06d}.depth.png", depth)
    poses = sequence.camera_to_world.cpu().double().numpy()
    times = np.arange(len(poses)) / sequence.frame_rate
    w, x, y, z = matrix_to_quaternion(poses[:, :3, :3]).T
    rows = np.column_stack([times, poses[:, :3, 3], x, y, z, w])
    np.savetxt(folder / "poses.txt", rows, fmt="%.9f", header="time x y z qx qy qz qw")
    np.savetxt(folder / "intrinsics.txt", sequence.intrinsics[0].cpu().numpy(), fmt="%.6f")
