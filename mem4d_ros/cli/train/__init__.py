"""`mem4d train`: train the network by a config, from the last state saved in DIR."""

from __future__ import annotations

from mem4d_ros.cli.train.command import add_parser

__all__ = ["add_parser"]
