"""`mem4d bench`: time, work and memory of one step with full memories."""

from __future__ import annotations

from mem4d_ros.cli.bench.command import add_parser

__all__ = ["add_parser"]
