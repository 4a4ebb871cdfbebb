"""What `mem4d reconstruct` is given: one walk as a folder, a video and a bag; a small network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from reconstruct_runs import FRAMES, RATE_HZ
from small_networks import SMALL_VIT, small_model

from mem4d_ros.model.checkpoint import save_checkpoint


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """RGB (48, 64, 3): a camera that moves along a wall."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 24, 3), np.uint8)
    wall = cv2.resize(noise, (96, 48), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(wall[:, 2 * i : 2 * i + 64]) for i in range(FRAMES)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    return path


@pytest.fixture
def folder(tmp_path: Path, images: list[np.ndarray]) -> Path:
    source = tmp_path / "images"
    source.mkdir()
    for index, image in enumerate(images):
        cv2.imwrite(str(source / f"{index}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return source


@pytest.fixture
def video(tmp_path: Path, images: list[np.ndarray]) -> Path:
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE_HZ, (64, 48))
    for image in images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture
def bag(tmp_path: Path, images: list[np.ndarray]) -> Path:
    bags = pytest.importorskip("bags", reason="rosbags is not installed")
    stamps_ns = [bags.START_NS + index * 80_000_000 for index in range(FRAMES)]
    images_with_stamps = zip(images, stamps_ns, strict=True)
    seen = [bags.image_message(image, "rgb8", stamp) for image, stamp in images_with_stamps]
    return bags.write_bag(tmp_path / "recording", bags.Topic("/camera/image_raw", seen))
