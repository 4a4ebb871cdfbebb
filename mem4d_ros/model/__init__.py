"""The network. torch only; nothing here knows of ROS, files of frames or clocks.

Each name is imported when it is asked for: a config or a checkpoint's header needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mem4d_ros.model.config import PRESETS, Mem4DConfig, MemorySizes
    from mem4d_ros.model.mem4d import Mem4D
    from mem4d_ros.model.output import FrameOutput
    from mem4d_ros.model.state import MemoryState

__all__ = ["PRESETS", "FrameOutput", "Mem4D", "Mem4DConfig", "MemorySizes", "MemoryState"]

_MODULES = {
    "PRESETS": "config",
    "Mem4DConfig": "config",
    "MemorySizes": "config",
    "Mem4D": "mem4d",
    "FrameOutput": "output",
    "MemoryState": "state",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
