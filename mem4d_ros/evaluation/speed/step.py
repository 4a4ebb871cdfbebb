"""Time, work and memory of one online step with every memory full."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import torch

import mem4d_ros
from mem4d_ros.evaluation.speed.matrix_rate import fused_attention, matrix_rate
from mem4d_ros.evaluation.speed.stream import POINTS, FullStream, Setting
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime.device import device_name

STAGE_FRAMES = 5
"""Steps over which stages are timed, at most: apart from the others, since timing them costs."""

CLOCKS: Mapping[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
"""Clocks: wall time, or CPU time of this process, summed over threads.

The second is hardly disturbed by what else a machine does.
"""


@dataclass(frozen=True)
class StepTimes:
    """Measurements of one run; times in seconds of `clock`, memory in bytes.

    Attributes:
        evidence_points: points that were told each frame, with intrinsics and a pose; None: the
            network saw images alone.
        seconds: of each step, in order.
        stages_s: median time of each stage; what belongs to none is not listed.
        flops: floating-point operations of one step's products and convolutions, as torch counts.
        matrix_rate: operations per second of `clock` in a large matrix product on this device.
        fused_attention: whether attention takes a fused kernel; None on a CPU.
        peak_host_bytes: largest resident set of the whole process since its start.
        peak_device_bytes: largest allocation on the CUDA device; None on a CPU.
    """

    version: str
    torch_version: str
    device: str
    threads: int
    precision: str
    height: int
    width: int
    parameters: int
    memory: MemorySizes
    structure_tokens: int
    evidence_points: int | None
    clock: str
    frames: int
    seconds: tuple[float, ...]
    median_s: float
    p95_s: float
    stages_s: Mapping[str, float]
    flops: int | None
    matrix_rate: float
    fused_attention: bool | None
    peak_host_bytes: int
    peak_device_bytes: int | None

    @property
    def ratio_to_matrix_rate(self) -> float | None:
        """Ratio of the rate of a step to the device's measured rate; None: nothing was counted."""
        return None if self.flops is None else self.flops / self.median_s / self.matrix_rate

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {**asdict(self), "ratio_to_matrix_rate": self.ratio_to_matrix_rate}


def benchmark_step(
    setting: Setting, *, frames: int = 20, warm_up: int = 3, clock: str = "wall"
) -> StepTimes:
    """Time `frames` steps after `warm_up` others, all with full memories, a batch of one.

    A step takes an image from the host and ends when all its results are there.
    """
    if frames < 1:
        raise ValueError(f"frames must be at least 1, got {frames}")
    device, now = setting.device, CLOCKS[clock]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    stream = FullStream(setting)
    times = [stream.time(now) for _ in range(warm_up + frames)][warm_up:]
    return StepTimes(
        version=mem4d_ros.__version__,
        torch_version=torch.__version__,
        device=device_name(device),
        threads=torch.get_num_threads(),
        precision=str(setting.precision).removeprefix("torch."),
        height=setting.height,
        width=setting.width,
        parameters=sum(weight.numel() for weight in setting.model.parameters()),
        memory=setting.memory,
        structure_tokens=stream.state.structure.tokens,
        evidence_points=POINTS if setting.evidence else None,
        clock=clock,
        frames=frames,
        seconds=tuple(times),
        median_s=statistics.median(times),
        p95_s=sorted(times)[max(0, round(0.95 * frames) - 1)],
        stages_s=stream.stages(now, min(frames, STAGE_FRAMES)),
        flops=stream.flops(),
        peak_host_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        peak_device_bytes=(
            torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
        ),
        matrix_rate=matrix_rate(device, setting.precision, now),
        fused_attention=fused_attention(setting.model.config, device, setting.precision),
    )


@dataclass(frozen=True)
class Comparison:
    """Two settings' steps in turn, so that whatever else the machine does meets both alike.

    Attributes:
        seconds: of the first and the second setting's step, pair by pair.
    """

    seconds: tuple[tuple[float, float], ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Time of the second by time of the first, of each pair."""
        return tuple(second / first for first, second in self.seconds)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "seconds": self.seconds,
            "ratios": self.ratios,
            "median_ratio": statistics.median(self.ratios),
        }


def compare_steps(
    first: Setting, second: Setting, *, pairs: int = 20, warm_up: int = 3, clock: str = "wall"
) -> Comparison:
    """Step through both settings alternately, in one process."""
    if pairs < 1:
        raise ValueError(f"pairs must be at least 1, got {pairs}")
    now = CLOCKS[clock]
    a, b = FullStream(first), FullStream(second)
    seconds = [(a.time(now), b.time(now)) for _ in range(warm_up + pairs)]
    return Comparison(tuple(seconds[warm_up:]))
