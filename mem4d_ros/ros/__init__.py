"""The ROS 2 node: the only layer that imports rclpy and messages."""

from __future__ import annotations

import os

# On a robot the node shares its cores. Where another process has one of them, OpenMP's threads
# spin for those that have to wait, and a step takes many times as long; where they sleep at once,
# a step alone takes half as long again. A short spin has little of either harm. OpenMP reads this
# when torch is loaded, which is after this package. `bench/openmp_waiting.sh` measures it.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
