"""Memory that the process has and that is left, on the machine and on its device."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from mem4d_ros.runtime.host_memory import host_memory


@dataclass(frozen=True)
class Resources:
    """Bytes at one moment; 0 where there is nothing or the system does not tell."""

    resident: int  # of this process
    host_available: int
    host_total: int
    device_allocated: int = 0  # by tensors of this process
    device_peak: int = 0
    device_free: int = 0
    device_total: int = 0


def read_resources(device: str) -> Resources:
    """Those of this process, this machine and a torch device."""
    available, total = host_memory()
    host = Resources(_resident_bytes(), available, total)
    if not device.startswith("cuda"):
        return host
    index = torch.device(device).index or 0  # older torch wants the number
    free, device_total = torch.cuda.mem_get_info(index)
    return Resources(
        host.resident,
        available,
        total,
        device_allocated=torch.cuda.memory_allocated(index),
        device_peak=torch.cuda.max_memory_allocated(index),
        # What torch's cache holds and no tensor uses is free to this process.
        device_free=free + torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index),
        device_total=device_total,
    )


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
