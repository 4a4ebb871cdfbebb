"""Maps whose numbers mean nothing but are such as a map may have."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import ImageTransform, pose_from_rotation
from mem4d_ros.mapping.drift import ScaleDrift
from mem4d_ros.mapping.keyframes import DenseView, Keyframe, Map
from mem4d_ros.mapping.sharpness import sharpness
from mem4d_ros.mapping.store import MapCamera, StoredMap

WIDTH, HEIGHT = 64, 48
CAMERA = MapCamera(np.array([[60.0, 0, 32], [0, 61.0, 24], [0, 0, 1]]), WIDTH, HEIGHT)
TRANSFORM = ImageTransform.fit(WIDTH, HEIGHT, 32)

NOTHING_DENSE = DenseView(
    np.full((12, 16), np.nan, np.float16),
    np.zeros((12, 16, 3), np.uint8),
    ImageTransform.fit(320, 240, 16, 4),
)


def made_up_map(seed: int, keyframes: int = 3, new: int = 5) -> StoredMap:
    """Each keyframe sees `new` landmarks first, and some of those before."""
    rng = np.random.default_rng(seed)
    world = Map()
    for number in sorted(rng.choice(100, keyframes, replace=False).tolist()):
        pixels = rng.uniform([0, 0], [WIDTH - 1, HEIGHT - 1], (new, 2))
        log_prior = np.where(rng.random(new) < 0.2, np.nan, rng.normal(0, 1, new))
        before = np.flatnonzero(rng.random(len(world.landmarks)) < 0.5)
        image = rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
        sharp = sharpness(image, pixels)
        added = world.landmarks.add(number, pixels, rng.normal(0, 1, new), log_prior, sharp)
        seen = np.concatenate((before, added))
        world.keyframes[number] = Keyframe(
            number=number,
            image=image,
            camera_to_world=pose_from_rotation(
                cv2.Rodrigues(rng.normal(0, 1, 3))[0], rng.normal(0, 3, 3)
            ),
            log_scale=float(rng.normal(0, 0.1)),
            landmarks=seen,
            pixels=rng.uniform([0, 0], [WIDTH - 1, HEIGHT - 1], (len(seen), 2)),
            descriptors=rng.integers(0, 256, (len(seen), 32), np.uint8),
            covariance=np.diag(rng.uniform(0, 1, 6)),
            dense=_dense(rng),
            place=None if rng.random() < 0.3 else rng.normal(0, 1, 8).astype(np.float32),
        )
    world.next_number, world.begins = max(world.keyframes) + 1, (min(world.keyframes),)
    if rng.random() < 0.5:  # the camera has come back from somewhere else
        world.begins = (*world.begins, max(world.keyframes) + 1)
    looks = int(rng.integers(0, 11))
    world.drift = ScaleDrift(rng.normal(size=looks).tolist(), rng.normal(size=looks).tolist())
    if keyframes > 2:  # a loop has closed
        world.joined = ((min(world.keyframes), max(world.keyframes)),)
    turned = pose_from_rotation(cv2.Rodrigues(rng.normal(0, 1, 3))[0], rng.normal(0, 1, 3))
    return StoredMap(world, CAMERA, turned, {"made": f"up, from {seed}"})


def _dense(rng: np.random.Generator) -> DenseView:
    shape = TRANSFORM.output_height, TRANSFORM.output_width
    depth = rng.uniform(0.5, 5, shape)
    depth[rng.random(shape) < 0.1] = np.nan
    return DenseView(depth, rng.integers(0, 256, (*shape, 3), np.uint8), TRANSFORM).kept()
