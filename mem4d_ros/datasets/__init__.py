"""Readers of real sequences: one small file for each kind of source."""

from mem4d_ros.datasets.frames import Frame, FrameError, FrameSource
from mem4d_ros.datasets.sources import open_frames

__all__ = ["Frame", "FrameError", "FrameSource", "open_frames"]
