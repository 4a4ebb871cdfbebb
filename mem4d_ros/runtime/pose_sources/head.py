"""The pose that the network's camera head predicts."""

from __future__ import annotations

from mem4d_ros.runtime.pose_sources.source import PoseEstimate, PoseFrame


class HeadPose:
    """Takes the head at its word."""

    keeps_global_pointmap = True

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The head's pose."""
        return PoseEstimate(frame.head_pose)

    def reset(self) -> None:
        """Nothing is remembered."""
