"""A reconstruction as files: poses, depth, clouds, and what they make together."""

from __future__ import annotations

from mem4d_ros.runtime.export.pcd import write_pcd
from mem4d_ros.runtime.export.ply import read_ply, write_ply
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.runtime.export.record_folder import RecordFolder
from mem4d_ros.runtime.export.record_reader import RecordReader

__all__ = [
    "FrameRecord",
    "RecordFolder",
    "RecordReader",
    "read_ply",
    "write_pcd",
    "write_ply",
]
