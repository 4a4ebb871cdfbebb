"""Evidence of the cues about each pixel, and its sum."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

RADIUS = 6
"""Pixels of the neighbourhood that decides together."""
EDGE = 1e-3
"""Variance of grey in 0..1 above which a neighbourhood is divided by its brightness."""


@dataclass(frozen=True)
class Evidence:
    """For every pixel, from still to moving, and how much that counts."""

    verdict: np.ndarray  # (H, W) float32 from -1 (still) to 1 (moving)
    weight: np.ndarray  # (H, W) float32 >= 0

    def scaled(self, factor: float) -> Evidence:
        """The same, counting `factor` times as much."""
        return Evidence(self.verdict, self.weight * np.float32(factor))


def people_move(people: np.ndarray) -> Evidence:
    """Pixels that show people (H, W) bool move: sooner or later they do."""
    weight = people.astype(np.float32)
    return Evidence(np.ones_like(weight), weight)


def combine(evidence: list[Evidence], grey: np.ndarray) -> np.ndarray:
    """The neighbourhood's weighted verdict (H, W), kept from crossing edges of grey (H, W) uint8.

    A guided filter (He et al., PAMI 2013) with weights: plain surfaces, where nothing can be
    measured, follow those of the same brightness beside them.
    """
    weight = np.add.reduce([e.weight for e in evidence])
    total = np.add.reduce([e.weight * e.verdict for e in evidence])
    guide = grey.astype(np.float32) / 255
    share = 1 / (_mean(weight) + np.float32(1e-6))
    mean_guide, mean = _mean(weight * guide) * share, _mean(total) * share
    covariance = _mean(total * guide) * share - mean_guide * mean
    variance = _mean(weight * guide * guide) * share - mean_guide * mean_guide
    slope = covariance / (variance + np.float32(EDGE))
    return _mean(slope) * guide + _mean(mean - slope * mean_guide)


def _mean(values: np.ndarray) -> np.ndarray:
    return cv2.blur(values, (2 * RADIUS + 1, 2 * RADIUS + 1))
