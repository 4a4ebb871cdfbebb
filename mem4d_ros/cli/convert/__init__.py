"""`mem4d convert`: CUT3R's image encoder, from its public checkpoint, for training."""

from __future__ import annotations

from mem4d_ros.cli.convert.command import add_parser

__all__ = ["add_parser"]
