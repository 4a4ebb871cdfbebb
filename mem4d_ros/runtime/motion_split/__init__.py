"""Which pixels show something that moves of its own, from images, depths and camera poses."""

from __future__ import annotations

from mem4d_ros.runtime.motion_split.splitter import CueWeights, MotionSplitter

__all__ = ["CueWeights", "MotionSplitter"]
