"""The programs of examples/ do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_networks import SMALL_CONVOLUTIONAL, small_model

from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.runtime.export import read_ply

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(program: str, *arguments: str) -> str:
    """What a program prints."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_the_network_step_by_step() -> None:
    lines = run("step_by_step.py", "--frames", "3").splitlines()
    assert len(lines) == 3
    assert lines[-1].endswith("remembers 3 frames")
    predicted, true = map(float, re.findall(r"([\d.]+) m", lines[-1]))
    assert 0.2 < predicted / true < 5


@pytest.mark.long
def test_a_folder_of_images_becomes_a_map(tmp_path: Path) -> None:
    checkpoint = tmp_path / "small.safetensors"
    save_checkpoint(checkpoint, small_model(SMALL_CONVOLUTIONAL))
    images = tmp_path / "images"
    images.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (12, 24, 3), np.uint8)
    wall = cv2.resize(noise, (96, 48), interpolation=cv2.INTER_CUBIC)
    for number in range(5):
        cv2.imwrite(str(images / f"{number}.png"), wall[:, 2 * number : 2 * number + 64])
    out = tmp_path / "map.ply"
    printed = run("build_map.py", str(images), str(out), "--checkpoint", str(checkpoint))
    assert printed.startswith(f"{len(read_ply(out).positions)} points")
