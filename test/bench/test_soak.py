"""A little of bench/soak.py: frames add up, and neither memory nor time a frame grows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import ros_probe  # noqa: F401  a ROS domain for this run
from small_networks import SMALL_CONVOLUTIONAL, small_model

from mem4d_ros.model.checkpoint import save_checkpoint

SOAK = Path(__file__).parents[2] / "bench" / "soak.py"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_few_hundred_frames_back_to_back(tmp_path: Path) -> None:
    checkpoint = tmp_path / "small.safetensors"
    save_checkpoint(checkpoint, small_model(SMALL_CONVOLUTIONAL))
    options = ["--frames", "700", "--warm-up", "100", "--checkpoint", str(checkpoint)]
    # A map of landmarks is still being filled after so few frames.
    options += ["--param", "pose.source:=procrustes"]
    done = subprocess.run(
        [sys.executable, str(SOAK), *options, "--param", "path.max_length:=50"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr[-5000:]
    assert "unaccounted 0" in done.stdout
    assert "sent 714, received 714: processed 700" in done.stdout
