"""Mem4D: live, dense 4D reconstruction from one moving camera, as a library and a ROS 2 node."""

from __future__ import annotations

from pkgutil import extend_path

# The source tree and the overlay's generated `mem4d_ros.msg` are one package,
# also when Python is started in the root of the repository.
__path__ = extend_path(__path__, __name__)

__version__ = "0.1.0"
