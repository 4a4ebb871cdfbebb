"""Memory that was freed is taken again without asking the system for it."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

TAKE_AND_FREE = """
import resource
import numpy as np
from mem4d_ros.runtime.host_memory import keep_freed_memory

def faults_of_frames(count):
    def faults():
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(4 << 20, np.uint8)
    before = faults()
    for _ in range(count):
        np.ones(4 << 20, np.uint8)
    return faults() - before

{prepare}
print(faults_of_frames(50))
"""


def page_faults(prepare: str) -> int:
    """Of a process that takes and frees 4 MiB 50 times; glibc's own adaptation is switched off."""
    done = subprocess.run(
        [sys.executable, "-c", TAKE_AND_FREE.format(prepare=prepare)],
        env={"MALLOC_MMAP_THRESHOLD_": "131072"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.long
def test_freed_memory_is_used_again() -> None:
    if not hasattr(ctypes.CDLL(None), "mallopt"):
        pytest.skip("the C library has no mallopt")
    assert page_faults("assert keep_freed_memory()") < 0.05 * page_faults("")
