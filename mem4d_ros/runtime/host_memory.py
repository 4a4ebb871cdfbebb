"""The host's memory: what is left, and what is kept between frames."""

from __future__ import annotations

import ctypes
from pathlib import Path

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # of mallopt(3)
_LARGEST_KEPT = 256 * 2**20
_MAX_KEPT = 1 * 2**30


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, ready for the next frame; False if it cannot.

    A frame takes and frees dozens of megabytes. The C library gives large blocks back to the system
    at once, which then hands them out anew, zeroed, page by page. Needs glibc; elsewhere nothing
    changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT) and mallopt(_TRIM_THRESHOLD, _MAX_KEPT))


def host_memory() -> tuple[int, int]:
    """Bytes available and in all; 0 where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0, 0
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kilobytes.get("MemAvailable", 0) * 1024, kilobytes.get("MemTotal", 0) * 1024
