"""What the caches save: a step, by one that first computes its memories anew from all frames.

Usage: python bench/uncached_step.py [--preset lite] [--psm-size 100] [--clock cpu]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from mem4d_ros.evaluation.speed.step import CLOCKS
from mem4d_ros.evaluation.speed.stream import Setting, running
from mem4d_ros.evaluation.speed.uncached import recomputed_state
from mem4d_ros.model import PRESETS
from mem4d_ros.runtime.loading import RANDOM_WEIGHTS, load_network

REPEATS = 3


def cost(act: Callable[[], object], clock: str) -> tuple[int, float]:
    """Operations and least seconds of doing something."""
    with FlopCounterMode(display=False) as counter:
        act()
    seconds = []
    for _ in range(REPEATS):
        start = CLOCKS[clock]()
        act()
        seconds.append(CLOCKS[clock]() - start)
    return counter.get_total_flops(), min(seconds)


def main() -> None:
    """Measure and print; on a CPU, since nothing here waits for a GPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=sorted(PRESETS), default="lite")
    parser.add_argument("--psm-size", type=int, default=100)
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    options = parser.parse_args()
    network = load_network(RANDOM_WEIGHTS, options.preset, "cpu", "auto")
    model = network.model
    torch.manual_seed(0)
    memory = replace(model.config.memory, psm_size=options.psm_size)
    width = model.config.image_size
    height = width * 3 // 4
    setting = Setting(model, network.device, network.precision, height, width, memory)
    images = torch.rand(options.psm_size, 1, 3, height, width).unbind()
    pointmaps = [(torch.randn(1, height, width, 3), torch.ones(1, height, width)) for _ in images]
    with running(setting):
        state = recomputed_state(model, images, pointmaps, memory)
        cached_work, cached_s = cost(lambda: model.step(images[0], state), options.clock)
        anew_work, anew_s = cost(
            lambda: recomputed_state(model, images, pointmaps, memory), options.clock
        )
    print(f"{options.preset}, {width}x{height}, PSM {options.psm_size}, {network.precision}")
    print(f"with caches     {cached_work / 1e9:8.1f} GFLOP {1e3 * cached_s:8.0f} ms")
    uncached_work, uncached_s = cached_work + anew_work, cached_s + anew_s
    print(f"without         {uncached_work / 1e9:8.1f} GFLOP {1e3 * uncached_s:8.0f} ms")
    print(f"ratio           {uncached_work / cached_work:8.1f}       {uncached_s / cached_s:8.1f}")


if __name__ == "__main__":
    main()
