"""In which directions the place of an image point can be told: a corner's in all, an edge's in one.

Tracking follows a point of a straight edge as well to anywhere along it, and it stays where it was
expected. How much the image changes about the point, and in which directions, is told by its
structure tensor (Förstner and Gülch, "A fast operator for detection and precise location of
distinct points, corners and centres of circular features", 1987).
"""

from __future__ import annotations

import cv2
import numpy as np

RADIUS_PX = 7
"""Of the square about a point that is looked at: as wide as the tracker's window."""
EDGE_RATIO = 4
"""Of changes in the two directions, from which on the tracking errs more along than across."""
LEAST_SHARPNESS = 0.003


def sharpness(image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Two directions (N, 2, 2) in which points (N, 2) of an image (H, W) uint8 are seen.

    The first row is the one in which the image changes most, of length 1. The other one is across,
    and shorter on an edge: as much as the tracking errs more along it.
    """
    change, directions = np.linalg.eigh(_structure(image, pixels))
    ratio = (change[:, 0] + 1e-6) / (change[:, 1] + 1e-6)
    across = np.minimum(EDGE_RATIO * ratio, 1) ** 2
    length = np.stack((np.ones(len(pixels)), np.maximum(across, LEAST_SHARPNESS)), -1)
    rows: np.ndarray = directions[:, :, ::-1].swapaxes(1, 2) * length[:, :, None]
    return rows


def whitened(whitening: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Products (..., 2, N) of matrices (2, 2, N) and errors, or their derivatives, (..., 2, N)."""
    product: np.ndarray = whitening[:, 0] * errors[..., :1, :]
    product += whitening[:, 1] * errors[..., 1:, :]
    return product


def _structure(image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Structure tensors (N, 2, 2): sums of squares and products of the image's slopes."""
    height, width = image.shape
    columns, rows = np.rint(pixels).astype(int).T[:, :, None, None]
    near = np.arange(-RADIUS_PX, RADIUS_PX + 1)
    square = (rows + near[:, None]).clip(0, height - 1), (columns + near).clip(0, width - 1)
    along_x, along_y = (
        cv2.Sobel(image, cv2.CV_32F, *axis)[square] for axis in ((1, 0), (0, 1))
    )  # (N, 15, 15)
    products = [[along_x * along_x, along_x * along_y], [along_x * along_y, along_y * along_y]]
    return np.array(products).sum((-1, -2)).transpose(2, 0, 1).astype(np.float64)  # (N, 2, 2)
