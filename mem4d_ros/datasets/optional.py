"""Packages that only some readers need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mem4d_ros.datasets.sample import FrameError
from mem4d_ros.extras import missing


def optional_import(name: str, purpose: str) -> ModuleType:
    """The module. Raises FrameError where its package is not installed, with the remedy."""
    package = name.partition(".")[0]
    try:
        import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise FrameError(missing(package, purpose, "datasets")) from error
    return import_module(name)


def zstd() -> ModuleType:
    """The module, which rosbags brings where Python has none."""
    try:
        return import_module("compression.zstd")
    except ModuleNotFoundError:
        return import_module("backports.zstd")
