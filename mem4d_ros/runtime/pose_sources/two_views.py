"""A camera's pose and the depth of the points it sees together, from two views and a guess of each.

Depth from a network is noisy. Points at wrong depths, taken for exact, explain a camera's motion
best by one that is too short (errors in variables: noise in what explains attenuates the slope):
with errors of 20 %, by a third and more. Here each depth may give way, as far as its noise
allows, and what stays of the guesses is their scale. The paths of both views then have the depth's.
"""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import project

DEPTH_DEVIATION = 0.1
"""Standard deviation of log depth, about that of good networks; larger errors give way, too."""
PIXEL_DEVIATION = 0.3
"""Pixels, of a tracked point."""
ITERATIONS = 12
ROBUST_SCALE = 1.0
"""Deviations at which a point loses half of its weight (Cauchy's): it may move of its own, which
a depth that gives way could explain."""
DAMPING = 1e-6


def refine(
    rays: np.ndarray,
    depth: np.ndarray,
    pixels: np.ndarray,
    intrinsics: np.ndarray,
    second_from_first: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """second_from_first (4, 4) and depths (N,) in the first view, at the most likely values.

    Gauss and Newton's method, where each depth is eliminated from its own two equations.

    Args:
        rays: (N, 3), z = 1, in the first view's optical frame; they are exact.
        depth: (N,) along z, guessed; pixels: (N, 2), where the second view sees the points.
        second_from_first: (4, 4), guessed.
    """
    rotation, translation = second_from_first[:3, :3].copy(), second_from_first[:3, 3].copy()
    guess = np.log(depth)
    logarithm = guess.copy()
    for _ in range(ITERATIONS):
        turned = rays @ rotation.T * np.exp(logarithm)[:, None]
        points = turned + translation
        seen, z = project(points, intrinsics)
        in_front = z > 1e-6
        off = np.where(in_front[:, None], seen - pixels, 0) / PIXEL_DEVIATION
        prior = (logarithm - guess) / DEPTH_DEVIATION
        squared = (off**2).sum(-1) + prior**2
        weight = in_front / (1 + squared / ROBUST_SCALE**2)
        by_point = _projection_jacobian(points, intrinsics) / PIXEL_DEVIATION  # (N, 2, 3)
        by_pose = np.concatenate((-by_point @ _cross(turned), by_point), -1)  # (N, 2, 6)
        by_depth = np.einsum("nij,nj->ni", by_point, turned)  # (N, 2)
        stiffness = (by_depth**2).sum(-1) + 1 / DEPTH_DEVIATION**2
        pull = (by_depth * off).sum(-1) + prior / DEPTH_DEVIATION
        mixed = np.einsum("nij,ni->nj", by_pose, by_depth)  # (N, 6)
        normal = np.einsum("n,nij,nik->jk", weight, by_pose, by_pose)
        normal -= np.einsum("n,nj,nk->jk", weight / stiffness, mixed, mixed)
        right = np.einsum("n,nij,ni->j", weight, by_pose, off)
        right -= np.einsum("n,nj->j", weight * pull / stiffness, mixed)
        damped = normal + DAMPING * np.diag(np.diag(normal)) + 1e-12 * np.eye(6)
        step = -np.linalg.solve(damped, right)
        logarithm -= np.clip((pull + mixed @ step) / stiffness, -0.5, 0.5)
        rotation = cv2.Rodrigues(step[:3])[0] @ rotation
        translation = translation + step[3:]
    refined = np.eye(4)
    refined[:3, :3], refined[:3, 3] = rotation, translation
    return refined, np.exp(logarithm)


def _projection_jacobian(points: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Pixels by coordinates, (N, 2, 3), of points (N, 3)."""
    x, y, z = points.T
    z = np.maximum(z, 1e-6)
    fx, fy, skew = intrinsics[0, 0], intrinsics[1, 1], intrinsics[0, 1]
    jacobian = np.zeros((len(points), 2, 3))
    jacobian[:, 0, 0], jacobian[:, 0, 1] = fx / z, skew / z
    jacobian[:, 0, 2] = -(fx * x + skew * y) / z**2
    jacobian[:, 1, 1], jacobian[:, 1, 2] = fy / z, -fy * y / z**2
    return jacobian


def _cross(vectors: np.ndarray) -> np.ndarray:
    """Matrices (N, 3, 3) whose product with a vector is the cross product with it."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    rows = (zero, -z, y, z, zero, -x, -y, x, zero)
    return np.stack(rows, -1).reshape(-1, 3, 3)
