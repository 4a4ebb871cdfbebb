"""Python, memory and clock of this machine."""

from __future__ import annotations

import platform
import sys
import time
from datetime import datetime, timezone

from mem4d_ros.doctor.finding import Fact, Finding

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
LITTLE_MEMORY = 1_000_000_000
"""Bytes; the node with `lite` takes about as much, torch included."""
RELEASE = datetime(2025, 1, 1, tzinfo=timezone.utc).timestamp()
"""Before this package was written."""
LONGEST_STEP_S = 0.05
OBSERVED_S = 0.2


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Whether this Python is one that the package is made for."""
    name = ".".join(map(str, version))
    facts: dict[str, Fact] = {"version": platform.python_version(), "executable": sys.executable}
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return Finding("python.version", "ok", f"Python {name}, {sys.executable}", facts=facts)
    return Finding(
        "python.version",
        "error",
        f"Python {name} is not supported",
        "make the environment with Python 3.10 to 3.13",
        facts=facts,
    )


def check_memory(available: int, total: int) -> Finding:
    """Whether the machine has room for the node; bytes, 0 where the system does not tell."""
    facts: dict[str, Fact] = {"available_bytes": available, "total_bytes": total}
    if not total:
        return Finding("memory.host", "skipped", "the system does not tell", facts=facts)
    summary = f"{available / 1e9:.1f} of {total / 1e9:.1f} GB are free"
    if available >= LITTLE_MEMORY:
        return Finding("memory.host", "ok", summary, facts=facts)
    return Finding(
        "memory.host",
        "warning",
        summary,
        "end what else takes memory, or make the memories smaller: memory.psm_size,"
        " static_map.max_voxels, model.image_size",
        facts=facts,
    )


def check_clock(now: float, step_s: float) -> Finding:
    """Whether the time is one of today's; `step_s` is by how far it jumped while it was watched."""
    date = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds")
    facts: dict[str, Fact] = {"utc": date, "step_s": round(step_s, 4)}
    if now < RELEASE:
        return Finding(
            "clock.time",
            "error",
            f"the clock says {date}, which is long ago",
            "set the time, with chrony or systemd-timesyncd for example: stamps of a camera on"
            " another machine are compared with it",
            facts=facts,
        )
    if abs(step_s) > LONGEST_STEP_S:
        return Finding(
            "clock.time",
            "warning",
            f"the clock was set while it was watched, by {step_s:+.2f} s",
            "wait until the time is synchronised, or slew it (chrony does): a jump in the stamps"
            " starts a new world",
            facts=facts,
        )
    return Finding("clock.time", "ok", date, facts=facts)


def clock_step() -> float:
    """By how far the system's clock moved in OBSERVED_S beyond what passed, seconds."""
    before = time.time() - time.monotonic()
    time.sleep(OBSERVED_S)
    return time.time() - time.monotonic() - before
