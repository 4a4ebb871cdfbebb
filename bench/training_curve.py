"""The curve of a training made of several runs, from their logs.

Usage: python bench/training_curve.py training/lite_runs/*.jsonl --out training/lite_shipped.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from mem4d_ros.training import run_log

DECAY = 0.8
"""Of the smoothed curve, from one report to the next."""


def read(path: Path) -> list[dict[str, float]]:
    """The steps of a run's log.jsonl, those without a loss left out."""
    return [step for step in run_log.read(path) if "world" in step]


def smoothed(values: np.ndarray) -> np.ndarray:
    """Exponential moving average (N,) from the first value on."""
    average, averages = values[0], []
    for value in values:
        average = DECAY * average + (1 - DECAY) * value
        averages.append(average)
    return np.array(averages)


def draw(logs: list[Path], out: Path) -> None:
    """Both pointmap losses over the steps of all runs; runs differ in data and length."""
    figure, (losses, rate) = plt.subplots(
        2, 1, figsize=(9, 4.5), sharex=True, height_ratios=(3, 1), constrained_layout=True
    )
    start = 0
    for log in logs:
        steps = read(log)
        x = start + np.array([step["step"] for step in steps])
        for name, colour in (("world", "tab:blue"), ("camera", "tab:orange")):
            values = np.array([step[name] for step in steps])
            losses.plot(x, values, color=colour, alpha=0.15, linewidth=0.5)
            losses.plot(x, smoothed(values), color=colour, label=name if log == logs[0] else None)
        rate.plot(x, [step["learning_rate"] for step in steps], color="black", linewidth=0.8)
        for axis in (losses, rate):
            axis.axvline(start, color="grey", linewidth=0.5)
        losses.annotate(
            log.stem.split("_")[-1],
            (start, 1),
            xycoords=("data", "axes fraction"),
            va="top",
            size=7,
        )
        start = int(x[-1])
    losses.set(ylabel="pointmap loss", yscale="log", ylim=(0.01, 1.5))
    losses.legend(loc="upper right")
    rate.set(xlabel="steps of all runs", ylabel="rate")
    figure.savefig(out, dpi=110)


def main() -> None:
    """Read and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    draw(options.logs, options.out)


if __name__ == "__main__":
    main()
