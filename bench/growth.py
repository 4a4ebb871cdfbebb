"""How a step's time and memory grow with the memories, the image and the stream: figures, a plot.

Usage: python bench/growth.py --out FOLDER [--preset lite] [--clock cpu] [--frames 10]
       [--stream-steps 10000]
writes FOLDER/growth.json and FOLDER/growth.png.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes

from mem4d_ros.evaluation.speed.step import CLOCKS
from mem4d_ros.evaluation.speed.stream import FullStream, Setting
from mem4d_ros.model import PRESETS
from mem4d_ros.runtime.loading import load_network

PSM_SIZES = (1, 10, 100, 400)
WINDOWS = (0, 1, 2, 5, 10)
WIDTHS = (224, 320, 384, 512)
STREAM_SIZE = (64, 48)
"""Pixels of the long stream's images: it is the number of steps that matters there."""
SAMPLES = 100
"""Points on the long stream's curves."""


def settings(base: Setting) -> Iterator[tuple[str, int, Setting]]:
    """What is varied, its value, and all of it."""
    for size in PSM_SIZES:
        yield "psm_size", size, replace(base, memory=replace(base.memory, psm_size=size))
    for window in WINDOWS:
        yield "tca_window", window, replace(base, memory=replace(base.memory, tca_window=window))
    for width in WIDTHS:
        height = round(width * 0.75 / 16) * 16
        yield "width_px", width, replace(base, width=width, height=height)


def measure(base: Setting, frames: int, clock: str) -> dict[str, dict[int, float]]:
    """Median seconds of a step for each value of each thing varied; they take turns."""
    streams = [(name, value, FullStream(setting)) for name, value, setting in settings(base)]
    times: list[list[float]] = [[] for _ in streams]
    for index in range(1 + frames):
        for (_, _, stream), measured in zip(streams, times, strict=True):
            seconds = stream.time(CLOCKS[clock])
            if index:  # the first warms up
                measured.append(seconds)
    found: dict[str, dict[int, float]] = {}
    for (name, value, _), measured in zip(streams, times, strict=True):
        found.setdefault(name, {})[value] = statistics.median(measured)
    return found


def follow(base: Setting, steps: int, clock: str) -> list[dict[str, float]]:
    """Time per step, resident memory and the state's size along one stream from its start."""
    width, height = STREAM_SIZE
    stream = FullStream(replace(base, width=width, height=height))
    stream.state = base.model.initial_state(base.memory)
    marks = sorted({round(steps * k / SAMPLES) for k in range(SAMPLES + 1)})
    samples = []
    for start, stop in pairwise(marks):
        seconds = [stream.time(CLOCKS[clock]) for _ in range(stop - start)]
        samples.append(
            {
                "step": stop,
                "median_s": statistics.median(seconds),
                "resident_bytes": resident_bytes(),
                "state_bytes": bytes_held(stream.state),
            }
        )
    return samples


def resident_bytes() -> int:
    """Memory of this process now, on Linux."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status tells no VmRSS")


def bytes_held(value: object) -> int:
    """Size of all tensors in nested dataclasses and containers."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(map(bytes_held, value.values()))
    if isinstance(value, tuple):
        return sum(map(bytes_held, value))
    if hasattr(value, "__dataclass_fields__"):
        return sum(bytes_held(getattr(value, field.name)) for field in fields(value))
    return 0


def draw(
    growth: Mapping[str, Mapping[int, float]], stream: Sequence[Mapping[str, float]], path: Path
) -> None:
    """Three curves of time, and the long stream's time and memory."""
    figure, axes = plt.subplots(1, 5, figsize=(19, 3.6), constrained_layout=True)
    names = {"psm_size": "PSM size", "tca_window": "TCA window", "width_px": "image width, px"}
    for axis, (name, label) in zip(axes, names.items(), strict=False):
        values = list(growth[name])
        _curve(axis, values, [1e3 * growth[name][v] for v in values], label, "ms per step")
        if name == "psm_size":
            axis.set_xscale("log")
        axis.set_xticks(values, [str(value) for value in values])
    steps = [sample["step"] for sample in stream]
    _curve(axes[3], steps, [1e3 * s["median_s"] for s in stream], "steps", "ms per step")
    for key, label in (("resident_bytes", "process"), ("state_bytes", "state")):
        axes[4].plot(steps, [sample[key] / 2**20 for sample in stream], label=label)
    axes[4].set(xlabel="steps", ylabel="MiB", yscale="log")
    axes[4].legend()
    figure.savefig(path, dpi=110)


def _curve(axis: Axes, x: Sequence[float], y: Sequence[float], x_label: str, y_label: str) -> None:
    axis.plot(x, y, marker="." if len(x) < 10 else None)
    axis.set(xlabel=x_label, ylabel=y_label, ylim=(0, 1.15 * max(y)))
    axis.grid(alpha=0.3)


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="lite")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--stream-steps", type=int, default=10_000)
    options = parser.parse_args()
    network = load_network("", options.preset, options.device, options.precision)
    config = network.model.config
    size = config.image_size
    base = Setting(
        network.model, network.device, network.precision, size * 3 // 4, size, config.memory
    )
    stream = follow(base, options.stream_steps, options.clock)
    growth = measure(base, options.frames, options.clock)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"clock": options.clock, "growth": growth, "stream": stream}, indent=1)
    (options.out / "growth.json").write_text(f"{text}\n")
    draw(growth, stream, options.out / "growth.png")
    psm, full = growth["psm_size"], stream[len(stream) // 10 :]
    print(f"PSM 10 to 100: {psm[100] / psm[10]:.2f} times the time per step")
    for key in ("resident_bytes", "state_bytes"):
        print(f"{key} from step {full[0]['step']} on: {full[-1][key] / full[0][key] - 1:+.2%}")


if __name__ == "__main__":
    main()
