"""`mem4d view`: a reconstruction in the browser."""

from __future__ import annotations

from mem4d_ros.cli.view.command import add_parser

__all__ = ["add_parser"]
