"""A reconstruction as files: poses, depth, clouds; and, in `bag`, a ROS 2 bag.

`bag` needs the package rosbags, so it is not imported here.
"""

from mem4d_ros.runtime.export.pcd import write_pcd
from mem4d_ros.runtime.export.ply import read_ply, write_ply
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.runtime.export.record_folder import RecordFolder

__all__ = [
    "FrameRecord",
    "RecordFolder",
    "read_ply",
    "write_pcd",
    "write_ply",
]
