"""`mem4d reconstruct`: a video, folder, bag or data set to poses, depth, clouds and a bag."""

from __future__ import annotations

from mem4d_ros.cli.reconstruct.command import add_parser

__all__ = ["add_parser"]
