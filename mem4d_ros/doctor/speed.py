"""How long a step of the network takes here."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass

from mem4d_ros.doctor.finding import Fact, Finding

SLOW_HZ = 5.0
"""Below it, a walking person's camera sees too little twice."""
WARM_UP, MOST_STEPS, MOST_S = 2, 10, 5.0


@dataclass(frozen=True)
class Speed:
    """Median time of a step with full memories, and how busy the machine was."""

    step_s: float
    device: str
    precision: str
    width: int
    height: int
    load: float  # processes that wanted to run, in the last minute
    cores: int


def measure_speed(checkpoint: str, preset: str, device: str) -> Speed:
    """Time some steps of the network on images of 4:3.

    Raises CheckpointError, DeviceUnavailable and torch's OutOfMemoryError.
    """
    from mem4d_ros.evaluation.speed.stream import FullStream, Setting
    from mem4d_ros.runtime.loading import load_network

    network = load_network(checkpoint, preset, device, "auto")
    config = network.model.config
    width, height = config.image_size, config.image_size * 3 // 4
    load = os.getloadavg()[0]
    stream = FullStream(
        Setting(
            network.model,
            network.device,
            network.precision,
            height,
            width,
            config.memory,
            evidence=network.model.takes_evidence,
        )
    )
    for _ in range(WARM_UP):
        stream.time(time.perf_counter)
    times: list[float] = []
    while len(times) < MOST_STEPS and sum(times) < MOST_S:
        times.append(stream.time(time.perf_counter))
    return Speed(
        statistics.median(times),
        str(network.device),
        str(network.precision).removeprefix("torch."),
        width,
        height,
        load,
        os.cpu_count() or 1,
    )


def check_speed(speed: Speed) -> Finding:
    """Whether the network keeps up with a camera."""
    rate = 1 / speed.step_s
    facts: dict[str, Fact] = {
        "step_s": round(speed.step_s, 4),
        "device": speed.device,
        "precision": speed.precision,
        "width": speed.width,
        "height": speed.height,
        "load": round(speed.load, 1),
        "cores": speed.cores,
    }
    summary = (
        f"{1e3 * speed.step_s:.0f} ms a step of {speed.width}x{speed.height} on {speed.device} in"
        f" {speed.precision}: {rate:.1f} frames/s"
    )
    if rate >= SLOW_HZ:
        return Finding("speed.step", "ok", summary, facts=facts)
    if speed.load > speed.cores:
        remedy = f"{speed.load:.0f} processes share {speed.cores} cores: measure again without them"
    else:
        remedy = "use a GPU, the preset lite, or a smaller model.image_size (mem4d bench)"
    return Finding("speed.step", "warning", summary, remedy, facts=facts)
