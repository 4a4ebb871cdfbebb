"""bench/soak.py: it tells a slow machine from a slower node; and a little of it with the node."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import ros_probe  # noqa: F401  a ROS domain for this run
from small_networks import SMALL_CONVOLUTIONAL, small_model

from mem4d_ros.model.checkpoint import save_checkpoint

SOAK = Path(__file__).parents[2] / "bench" / "soak.py"


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    name = "soak_figures"
    spec = importlib.util.spec_from_file_location(name, SOAK.with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("growth", [1.0, 1.5])
def test_what_the_machine_takes_longer_for_is_not_the_nodes(
    figures: ModuleType, growth: float
) -> None:
    """The machine becomes three times as slow in bursts; the node as slow as `growth` says."""
    frames, rng = 4000, np.random.default_rng(0)
    load = np.linspace(1, 2, frames) + (rng.random(frames // 200) < 0.4).repeat(200)
    latency = 0.1 * load * np.where(np.arange(frames) < frames // 2, 1, growth)
    cpu = np.cumsum(1.3 * latency)
    run = figures.Run(
        [figures.Moment(500.0, *of_frame, 0) for of_frame in zip(cpu, latency, strict=True)],
        [
            figures.Seconds(0.04 * load[i], 0.03 * load[i])
            for i in range(4, frames, figures.PACE_EVERY)
        ],
        frames,
    )
    slower = figures.slowdown(run.after(200))
    assert slower.wall == pytest.approx(growth, rel=0.02)
    assert slower.cpu == pytest.approx(growth, rel=0.02)


def test_a_burst_of_other_load_is_not_growth(figures: ModuleType) -> None:
    """It lasts a tenth of a short run and slows down the reference more than the node."""
    frames = 600
    moments = [figures.Moment(500.0, 0.04 * i, 0.03, 0) for i in range(frames)]
    references = [figures.Seconds(0.024 if i < 12 else 0.018, 0.017) for i in range(frames // 5)]
    slower = figures.slowdown(figures.Run(moments, references, frames))
    assert slower.wall == pytest.approx(1)
    assert slower.cpu == pytest.approx(1)


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
