"""`mem4d train`: train the network as a config says, from where DIR stands."""

from __future__ import annotations

from mem4d_ros.cli.train.command import add_parser

__all__ = ["add_parser"]
