"""Depth and confidence as colours. All pictures are (H, W, 3) uint8 RGB."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.viz.text import label


def depth_picture(depth: np.ndarray, span: tuple[float, float] | None = None) -> np.ndarray:
    """Depth (H, W) in m from near (red) to far (blue), invalid black, with the range written on it.

    `span` is that range in m; without it, from the 2nd to the 98th percentile.
    """
    near, far = span or _percentiles(depth, 2, 98)
    picture = colour_map(far - depth, 0.0, far - near, cv2.COLORMAP_TURBO)
    return label(picture, f"{near:.2f} to {far:.2f} m")


def confidence_picture(confidence: np.ndarray) -> np.ndarray:
    """Confidence (H, W) >= 1 on a logarithmic scale from 1 (dark) to its largest (bright)."""
    most = max(_percentiles(confidence, 0, 100)[1], 1.0)
    logarithm = np.log(np.maximum(confidence, 1.0))
    picture = colour_map(logarithm, 0.0, float(np.log(most)), cv2.COLORMAP_VIRIDIS)
    return label(picture, f"1 to {most:.3g}, log scale")


def colour_map(values: np.ndarray, low: float, high: float, name: int) -> np.ndarray:
    """Values (H, W) from low to high through an OpenCV colour map; what is not finite is black."""
    valid = np.isfinite(values)
    share = (np.where(valid, values, low) - low) / max(high - low, 1e-9)
    levels = (share.clip(0, 1) * 255).round().astype(np.uint8)
    coloured = cv2.cvtColor(cv2.applyColorMap(levels, name), cv2.COLOR_BGR2RGB)
    coloured[~valid] = 0
    return coloured


def _percentiles(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Of the finite values; (0, 1) where there is none."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    first, last = np.percentile(finite, (low, high))
    return float(first), float(last)
