"""What a static map is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StaticMapSettings:
    """Sizes and rules of a static map. Raises ValueError for what makes none.

    Attributes:
        voxel_size_m: side of a voxel; a voxel holds one point, the mean of what fell into it.
        max_voxels: hard limit; see VoxelTable for what gives way.
        max_range_m: points farther from the camera are left out.
        min_confidence: points of less confidence are left out.
        min_frames: a voxel is shown once so many frames have measured it.
        max_frames: a voxel counts at most so many frames, so that a thing that stood for hours goes
            as fast as one that stood for seconds.
        carve_rate: frames that a voxel loses when it is seen through.
        carve_margin: share of the measured depth by which a voxel must lie in front of it to be
            seen through; the depth's own error.
        margin_px: pixels about what moves that are left out, too.
    """

    voxel_size_m: float = 0.05
    max_voxels: int = 200_000
    max_range_m: float = 8.0
    min_confidence: float = 1.0
    min_frames: int = 3
    max_frames: int = 30
    carve_rate: float = 2.0
    carve_margin: float = 0.1
    margin_px: int = 3

    def __post_init__(self) -> None:
        for name in ("voxel_size_m", "max_voxels", "max_range_m", "max_frames", "carve_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"static map: {name} is {getattr(self, name)}, must be > 0")
        if self.min_frames > self.max_frames:
            raise ValueError(
                f"static map: min_frames {self.min_frames} is never reached,"
                f" because voxels count at most max_frames, {self.max_frames}"
            )
