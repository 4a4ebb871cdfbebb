"""How many threads there are beside ours, and how they wait for each other.

A robot's cores are shared. Where another process has one of them, threads that spin for the one
that has to wait make a step take many times as long; where they sleep at once, a step alone takes
half as long again. A short spin has little of either harm. `bench/openmp_waiting.sh` measures it.

NumPy's products are of small matrices, of which each part takes longer to hand out than to
compute, while the network needs the cores.
"""

from __future__ import annotations

import os

SPINS = "1000"


def leave_cores_to_others() -> None:
    """Have torch's threads spin for a short time, and NumPy use one; not what the user has set.

    Both are read when those are loaded: afterwards this changes nothing.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
