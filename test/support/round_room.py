"""A film of a camera that goes round in a room, and looks outwards at its walls."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import ImageTransform, pixel_rays, rigid_inverse
from mem4d_ros.mapping import DenseView

HEIGHT, WIDTH = 192, 256
INTRINSICS = np.array([[220.0, 0, 127.5], [0, 220.0, 95.5], [0, 0, 1]])
TRANSFORM = ImageTransform.fit(WIDTH, HEIGHT, WIDTH)
HALF = np.array([2.6, 1.9, 2.6])  # m, of the room about the origin; y is down
RADIUS = 0.7  # m, of the camera's way
TEXELS = 512


class RoundRoom:
    """Frames of `laps` turns in steps of equal angles, with exact depth and poses."""

    def __init__(self, frames: int, laps: float) -> None:
        rng = np.random.default_rng(0)
        self._walls = [_texture(rng) for _ in range(6)]
        angles = 2 * np.pi * laps * np.arange(frames) / frames
        poses = np.array([_pose(angle) for angle in angles])
        self.poses = rigid_inverse(poses[0]) @ poses
        shown = [self._render(pose) for pose in poses]
        self.images = [image for image, _ in shown]
        self.depth = [depth for _, depth in shown]

    def dense(self, frame: int, scale: float = 1.0) -> DenseView:
        """What a network would say whose metres are off by a factor."""
        image = cv2.cvtColor(self.images[frame], cv2.COLOR_GRAY2RGB)
        return DenseView(scale * self.depth[frame], image, TRANSFORM)

    def place(self, frame: int) -> np.ndarray:
        """A vector (192,) of length 1: a small picture."""
        small = cv2.resize(self.images[frame], (16, 12), interpolation=cv2.INTER_AREA)
        vector = small.ravel().astype(np.float32) - small.mean()
        place: np.ndarray = vector / np.linalg.norm(vector)
        return place

    def _render(self, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Image (H, W) uint8 and depth (H, W)."""
        rays = pixel_rays(INTRINSICS, HEIGHT, WIDTH).reshape(-1, 3) @ pose[:3, :3].T
        with np.errstate(divide="ignore"):
            walls = np.stack([(sign * HALF - pose[:3, 3]) / rays for sign in (-1, 1)])
        leaves = walls.max(0)  # (N, 3), by axis
        axis, depth = leaves.argmin(-1), leaves.min(-1)
        point = pose[:3, 3] + depth[:, None] * rays
        shape = (HEIGHT, WIDTH)
        image = np.empty(len(rays), np.uint8)
        for wall, texture in enumerate(self._walls):
            along, sign = wall // 2, 2 * (wall % 2) - 1
            u, v = (
                ((point[:, a] / HALF[a] + 1) / 2 * (TEXELS - 1)).astype(np.float32)
                for a in range(3)
                if a != along
            )
            seen = cv2.remap(texture, u.reshape(shape), v.reshape(shape), cv2.INTER_LINEAR)
            here = (axis == along) & (np.sign(point[:, along]) == sign)
            image[here] = seen.reshape(-1)[here]
        return image.reshape(shape), depth.reshape(shape).astype(np.float32)


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Blots of many sizes (TEXELS, TEXELS) uint8."""
    total = np.zeros((TEXELS, TEXELS), np.float32)
    for cells in (4, 10, 24, 56):
        noise = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        total += cv2.resize(noise, (TEXELS, TEXELS), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + 38 * total, 0, 255).astype(np.uint8)


def _pose(angle: float) -> np.ndarray:
    """Camera to world, looking outwards."""
    forward = np.array([np.sin(angle), 0, np.cos(angle)])
    down = np.array([0.0, 1.0, 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack((np.cross(down, forward), down, forward), -1)
    pose[:3, 3] = RADIUS * forward
    return pose
