"""`mem4d doctor`: what may be wrong with this machine, its ROS, and its cameras, and what to do."""

from __future__ import annotations

from mem4d_ros.cli.doctor.command import add_parser

__all__ = ["add_parser"]
