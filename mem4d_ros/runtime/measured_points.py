"""Points of a frame whose depth was measured, and how they come to the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import ImageTransform


@dataclass(frozen=True)
class MeasuredPoints:
    """N points seen in one image: landmarks of a tracker, or of a lidar or depth sensor.

    Attributes:
        pixels: (N, 2), x and y in pixels of the camera's image; depth: (N,) metres along z of the
            optical frame; deviation: (N,), standard deviation of each depth in metres.
    """

    pixels: np.ndarray
    depth: np.ndarray
    deviation: np.ndarray

    def __post_init__(self) -> None:
        count = len(self.pixels)
        if self.pixels.shape != (count, 2) or not (
            self.depth.shape == self.deviation.shape == (count,)
        ):
            raise ValueError(
                "points need pixels (N, 2), depth (N,) and deviation (N,), got"
                f" {self.pixels.shape}, {self.depth.shape} and {self.deviation.shape}"
            )

    def scaled(self, scale: float) -> MeasuredPoints:
        """The same points where a metre is `scale` metres."""
        return MeasuredPoints(self.pixels, self.depth * scale, self.deviation * scale)

    def joined(self, others: MeasuredPoints) -> MeasuredPoints:
        """These points and others."""
        return MeasuredPoints(
            np.concatenate((self.pixels, others.pixels)),
            np.concatenate((self.depth, others.depth)),
            np.concatenate((self.deviation, others.deviation)),
        )

    def to_maps(self, transform: ImageTransform) -> tuple[np.ndarray, np.ndarray]:
        """Depth and deviation (h, w) float32 at the network's pixels, 0 where there is no point.

        Points outside the network's image, and those without a positive finite depth and
        deviation, are left out. Of several in one pixel, the relatively most precise stays.
        """
        depth = np.zeros((transform.output_height, transform.output_width), np.float32)
        deviation = np.zeros_like(depth)
        usable = self._usable()
        order = np.argsort(-usable.deviation / usable.depth, kind="stable")  # the last one stays
        columns, rows = np.rint(transform.to_model(usable.pixels[order])).T
        inside = (rows >= 0) & (rows < len(depth)) & (columns >= 0) & (columns < depth.shape[1])
        cells = rows[inside].astype(int), columns[inside].astype(int)
        depth[cells] = usable.depth[order][inside]
        deviation[cells] = usable.deviation[order][inside]
        return depth, deviation

    def _usable(self) -> MeasuredPoints:
        """Those whose numbers mean something."""
        numbers = np.column_stack((self.pixels, self.depth, self.deviation))
        keep = np.isfinite(numbers).all(axis=1) & (self.depth > 0) & (self.deviation > 0)
        return MeasuredPoints(self.pixels[keep], self.depth[keep], self.deviation[keep])
