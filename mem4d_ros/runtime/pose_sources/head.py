"""The pose that the network's camera head predicts."""

from __future__ import annotations

from mem4d_ros.runtime.pose_sources.source import (
    NOTHING_FORESEEN,
    CameraFrame,
    Foreseen,
    PoseEstimate,
    PoseFrame,
)


class HeadPose:
    """Takes the head at its word."""

    keeps_global_pointmap = True

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """Nothing: the pose follows from what the network says."""
        return NOTHING_FORESEEN

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The head's pose."""
        return PoseEstimate(frame.head_pose)

    def reset(self) -> None:
        """Nothing is remembered."""
