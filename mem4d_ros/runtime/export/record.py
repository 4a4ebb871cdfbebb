"""Record of one frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.geometry import ImageTransform, rigid_inverse, transform_points
from mem4d_ros.mapping import moved_pose, scale_of
from mem4d_ros.runtime.points import ColouredPoints, PointFilter, pixels_that_pass
from mem4d_ros.runtime.reconstruction import Reconstruction


@dataclass(frozen=True)
class FrameRecord:
    """One frame at the network's size (H, W). World = the first camera's optical frame, metres."""

    name: str  # of the image in its source
    stamp_ns: int
    image: np.ndarray  # (H, W, 3) uint8 RGB
    depth: np.ndarray  # (H, W) float32 along z, NaN where invalid
    points_world: np.ndarray  # (H, W, 3) float32, NaN where left out
    confidence: np.ndarray  # (H, W) float32 >= 1 of the points, 0 where left out
    camera_to_world: np.ndarray  # (4, 4) float64
    pose_measured: bool  # False: continued from the frames before
    intrinsics: np.ndarray  # (3, 3) float64, pixels of `image`

    @classmethod
    def of(cls, found: Reconstruction, name: str, keep: PointFilter) -> FrameRecord:
        """A reconstruction with those of its points that pass the filter, whose stride is 1."""
        passing = pixels_that_pass(
            found.points_world, found.confidence_world, found.camera_to_world[:3, 3], keep
        )
        return cls(
            name=name,
            stamp_ns=found.stamp_ns,
            image=found.image,
            depth=found.depth,
            points_world=np.where(passing[..., None], found.points_world, np.float32(np.nan)),
            confidence=np.where(passing, found.confidence_world, np.float32(0)),
            camera_to_world=found.camera_to_world,
            pose_measured=found.pose_measured,
            intrinsics=found.intrinsics,
        )

    def moved(self, motion: np.ndarray) -> FrameRecord:
        """Where a similarity (4, 4) of the world takes it; its metres change, too."""
        return replace(
            self,
            depth=self.depth * np.float32(scale_of(motion)),
            points_world=transform_points(motion.astype(np.float32), self.points_world),
            camera_to_world=moved_pose(motion, self.camera_to_world),
        )

    def points(self, where: np.ndarray | None = None) -> ColouredPoints:
        """The points, row by row; only those at pixels `where` (H, W) bool, if it is given."""
        kept = self.confidence > 0
        if where is not None:
            kept &= where
        return ColouredPoints(self.points_world[kept], self.image[kept], self.confidence[kept])

    def reconstruction(self, frame_index: int) -> Reconstruction:
        """The record as what it was made of; both pointmaps are the global one."""
        height, width = self.depth.shape
        world_to_camera = rigid_inverse(self.camera_to_world).astype(np.float32)
        return Reconstruction(
            stamp_ns=self.stamp_ns,
            frame_index=frame_index,
            image=self.image,
            points_world=self.points_world,
            confidence_world=self.confidence,
            points_camera=transform_points(world_to_camera, self.points_world),
            confidence_camera=self.confidence,
            depth=self.depth,
            camera_to_world=self.camera_to_world,
            pose_measured=self.pose_measured,
            intrinsics=self.intrinsics,
            input_transform=ImageTransform(1.0, 1.0, 0, 0, width, height, width, height),
            latency_s=0.0,
        )
