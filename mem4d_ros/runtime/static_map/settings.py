"""Settings of the static map."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StaticMapSettings:
    """Sizes and rules of a static map. Raises ValueError for invalid values.

    Attributes:
        voxel_size_m: side of a voxel; a voxel holds one point, the mean of its measurements.
        max_voxels: maximum number of voxels; VoxelTable describes which are evicted.
        max_range_m: maximum distance of a point from the camera.
        min_confidence: minimum confidence of a point.
        full_confidence: confidence from which a frame counts as a whole one for what it measured;
            below, it counts as the part of the way from 1, the least there is, to this. 1: all
            count as whole ones.
        min_frames: minimum count of frames that measured a voxel before it is published.
        max_frames: maximum count of frames of a voxel, so that an object that was static for hours
            disappears as fast as one that was for seconds.
        carve_rate: frames subtracted from a voxel each time it is seen through.
        carve_margin: minimum distance of a voxel in front of the measured depth, relative to that
            depth, to be seen through; the relative error of depth.
        margin_px: dilation of the dynamic mask.
    """

    voxel_size_m: float = 0.05
    max_voxels: int = 200_000
    max_range_m: float = 8.0
    min_confidence: float = 1.0
    full_confidence: float = 2.0
    min_frames: int = 3
    max_frames: int = 30
    carve_rate: float = 2.0
    carve_margin: float = 0.05
    margin_px: int = 3

    def __post_init__(self) -> None:
        for name in ("voxel_size_m", "max_voxels", "max_range_m", "max_frames", "carve_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"static map: {name} is {getattr(self, name)}, must be > 0")
        if not self.full_confidence >= 1:
            raise ValueError(
                f"static map: full_confidence is {self.full_confidence}, must be at least 1"
            )
        if self.min_frames > self.max_frames:
            raise ValueError(
                f"static map: min_frames {self.min_frames} is never reached,"
                f" because voxels count at most max_frames, {self.max_frames}"
            )
