"""`mem4d eval`: errors on sequences with ground truth, by published protocols."""

from __future__ import annotations

from mem4d_ros.cli.evaluate.command import add_parser

__all__ = ["add_parser"]
