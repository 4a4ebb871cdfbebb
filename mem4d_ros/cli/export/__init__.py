"""`mem4d export`: the network's parts as ONNX files, checked against torch."""

from __future__ import annotations

from mem4d_ros.cli.export.command import add_parser

__all__ = ["add_parser"]
