"""The ROS 2 node: the only layer that imports rclpy and messages."""

import os

# On a robot the node shares its cores. OpenMP's threads otherwise spin while one of them waits for
# a core that another process has, and a step takes many times as long. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
