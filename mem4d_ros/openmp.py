"""How OpenMP's threads wait for each other.

A robot's cores are shared. Where another process has one of them, threads that spin for the one
that has to wait make a step take many times as long; where they sleep at once, a step alone takes
half as long again. A short spin has little of either harm. `bench/openmp_waiting.sh` measures it.
"""

from __future__ import annotations

import os

SPINS = "1000"


def wait_briefly() -> None:
    """Have threads spin for a short time, unless the user says otherwise.

    OpenMP reads it when torch is loaded: afterwards this changes nothing.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
