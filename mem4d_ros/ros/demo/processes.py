"""Child processes of the demo: started with our transport profile, ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType

from mem4d_ros.ros.demo import topics
from mem4d_ros.ros.transport import profile_settings

END_TIMEOUT_S = 20.0

Child = subprocess.Popen[str]


class ChildProcesses:
    """A context in which children run; leaving it ends those that still do."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, module: str, arguments: Sequence[str], stdout: int | None = None) -> Child:
        """Run `python -m module arguments`."""
        command = [sys.executable, "-m", module, *arguments]
        child = subprocess.Popen(command, env=environment(), text=True, stdout=stdout)
        self._children.append(child)
        return child

    def __enter__(self) -> ChildProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self._children:
            end(child)


def end(child: Child) -> int:
    """Ask a child to end as Ctrl-C does, and kill it if it will not; its exit status."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        return child.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def environment() -> dict[str, str]:
    """This environment with our Fast DDS profile, unless the user has one of their own."""
    return {**os.environ, **profile_settings(os.environ)}


def node_arguments(extra: Sequence[str]) -> list[str]:
    """ROS arguments that connect the node to the demo's camera; `extra` are parameters a:=b."""
    parameters = [
        "input.reliability:=reliable",
        f"input.history_depth:={topics.HISTORY_DEPTH}",
        "input.watchdog_s:=0.0",
        "status.period_s:=0.2",
        *extra,
    ]
    arguments = ["--ros-args"]
    for name, target in (("image", topics.IMAGE), ("camera_info", topics.CAMERA_INFO)):
        arguments += ["--remap", f"{name}:={target}"]
    for parameter in parameters:
        arguments += ["--param", parameter]
    return arguments
