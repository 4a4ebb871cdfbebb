"""What a soak of the node found: its accounts, memory and pace, and whether they are sound.

A machine's pace changes with what else it does, so times are compared with those of a reference
that was always the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from mem4d_ros.msg import Mem4DStatus

MAX_GROWTH_MB = 20.0
MAX_SLOWDOWN = 1.15
PACE_EVERY = 5
"""Frames between two looks at the machine's pace."""
LOOKS = 4
"""Of which the median is compared with the frames between them."""
BLOCK = PACE_EVERY * LOOKS

Value = TypeVar("Value")


@dataclass(frozen=True)
class Moment:
    """The node's process when a frame was published."""

    memory_mb: float  # of its own, in memory or swapped out; files and segments that it maps aside
    cpu_s: float  # since it started
    latency_s: float  # image out to odometry in, here
    keyframes: int  # in the map, as last heard


@dataclass(frozen=True)
class Seconds:
    """How long something took: of a clock on the wall, and of a processor."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Run:
    """A moment of each frame, the reference after every few, and how many were sent."""

    moments: Sequence[Moment]
    references: Sequence[Seconds]
    sent: int  # with those cut short

    def after(self, warm_up: int) -> Run:
        """Without the blocks that have one of the first frames."""
        looks = -(-warm_up // PACE_EVERY)
        return Run(self.moments[looks * PACE_EVERY :], self.references[looks:], self.sent)

    def paces(self) -> list[Seconds]:
        """Time a frame by that of the reference, block by block.

        What the node does beside its frames, as adjusting its map, is in the processor's time.
        """
        found = []
        for begin in range(0, len(self.references) - LOOKS + 1, LOOKS):
            block = self.moments[begin * PACE_EVERY :][:BLOCK]
            reference = median(self.references[begin:][:LOOKS])
            latency = float(np.median([moment.latency_s for moment in block]))
            found.append(Seconds(latency / reference.wall, cpu_s(block) / reference.cpu))
        return found


def median(times: Sequence[Seconds]) -> Seconds:
    """By each clock."""
    return Seconds(
        float(np.median([time.wall for time in times])),
        float(np.median([time.cpu for time in times])),
    )


def accounted(status: Mem4DStatus) -> int:
    """Frames of which the node says what became of them."""
    return status.frames_processed + status.frames_dropped + status.frames_rejected


def parts_of(values: Sequence[Value], count: int) -> list[Sequence[Value]]:
    """So many, in order; what does not divide goes with the last."""
    size, last = max(1, len(values) // count), count - 1
    return [values[i * size : (i + 1) * size if i < last else None] for i in range(count)]


def tenths(values: Sequence[Value]) -> list[Sequence[Value]]:
    """Ten parts, in order."""
    return parts_of(values, 10)


def growth_mb(moments: Sequence[Moment]) -> float:
    """Of the memory, between the medians of the first and the last tenth."""
    first, *_, last = (np.median([m.memory_mb for m in part]) for part in tenths(moments))
    return float(last - first)


def cpu_s(part: Sequence[Moment]) -> float:
    """The node's a frame."""
    return (part[-1].cpu_s - part[0].cpu_s) / (len(part) - 1)


def slowdown(run: Run) -> Seconds:
    """Time a frame in the last third by that in the first, both by the reference's.

    Thirds: in a short run a tenth is over before another process is done with its burst, and the
    reference, which is looked at for a moment only, feels that otherwise than the node.
    """
    first, _, last = (median(part) for part in parts_of(run.paces(), 3))
    return Seconds(last.wall / first.wall, last.cpu / first.cpu)


def is_sound(run: Run, status: Mem4DStatus) -> bool:
    """Whether all is accounted for, and nothing grows."""
    slower = slowdown(run)
    return (
        status.frames_received == accounted(status) == run.sent
        and growth_mb(run.moments) <= MAX_GROWTH_MB
        and max(slower.wall, slower.cpu) <= MAX_SLOWDOWN
    )


def report(run: Run, status: Mem4DStatus) -> str:
    """The figures, after the warm-up."""
    moments, slower = run.moments, slowdown(run)
    parts = tenths(moments)
    latency = np.array([m.latency_s for m in moments])
    p50, p95, p99, worst = 1e3 * np.percentile(latency, (50, 95, 99, 100))
    early, late = (1e3 * np.median([m.latency_s for m in part]) for part in (parts[0], parts[-1]))
    first, *_, last = (median(part) for part in tenths(run.references))
    paces = [median(part) for part in tenths(run.paces())]
    return "\n".join(
        [
            f"frames     sent {run.sent}, received {status.frames_received}: processed"
            f" {status.frames_processed}, dropped {status.frames_dropped}, rejected"
            f" {status.frames_rejected}, unaccounted {run.sent - accounted(status)}",
            f"geometry   {status.map_keyframes} keyframes, {status.map_landmarks} landmarks,"
            f" {'given' if status.camera_info_used else 'predicted'} intrinsics",
            f"rate       {len(latency) / latency.sum():.2f} Hz over {len(latency)} frames",
            f"latency    median {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, most {worst:.1f} ms",
            f"           median {early:.1f} ms in the first tenth, {late:.1f} in the last",
            f"processor  {1e3 * cpu_s(parts[0]):.1f} ms a frame in the first tenth,"
            f" {1e3 * cpu_s(parts[-1]):.1f} in the last",
            f"reference  {1e3 * first.cpu:.1f} ms of a processor in the"
            f" first tenth, {1e3 * last.cpu:.1f} in the last",
            f"by it      processor, tenth by tenth: {listed(pace.cpu for pace in paces)}",
            f"           latency: {listed(pace.wall for pace in paces)}",
            f"           keyframes: {' '.join(str(part[-1].keyframes) for part in parts)}",
            f"growth     processor {slower.cpu:.2f}, latency {slower.wall:.2f} times the first"
            " third's in the last, both by the reference",
            f"memory     {parts[0][0].memory_mb:.1f} MB after the warm-up,"
            f" {growth_mb(moments):+.2f} MB from the first tenth to the last",
        ]
    )


def listed(ratios: Iterable[float]) -> str:
    """In figures."""
    return " ".join(f"{ratio:.2f}" for ratio in ratios)
