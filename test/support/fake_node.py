"""mem4d_node with a fake network that may never end to `load` or a `step`; a program."""

from __future__ import annotations

import os
import sys
import threading

from wall_model import WallModel

from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.main import run
from mem4d_ros.runtime import OnlineReconstructor


def busy_with(what: str) -> None:
    """Say so, and work for ever."""
    print(f"busy with {what}", file=sys.stderr, flush=True)
    threading.Event().wait()


def load(settings: Settings) -> LoadedModel:
    """A wall; the first argument says what never ends."""
    if sys.argv[1] == "load":
        busy_with("load")
    model = WallModel()
    if sys.argv[1] == "step":
        model.before = lambda: busy_with("step")
    online = OnlineReconstructor(model, 64, settings.memory.sizes(MemorySizes()))
    return LoadedModel(online, "lite", "", "cpu", "fp32", 64, MemorySizes())


if __name__ == "__main__":
    os._exit(run(sys.argv, load))
