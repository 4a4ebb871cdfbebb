"""mem4d_node in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mem4d_ros.doctor.shared_memory import FOLDER, SEGMENT

PATIENCE_S = 60
INTRODUCTION = "images at"  # in the line by which the node introduces itself


class NodeProcess:
    """A running mem4d_node, or a Python program in its place, and what it has said."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = (),
    ) -> None:
        self._shared_before = set(FOLDER.iterdir())
        command = [sys.executable, *program] if program else [mem4d_node()]
        self.process = subprocess.Popen(
            [*command, "--ros-args", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self.log = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line

    def wait_for(self, text: str) -> None:
        """Wait until the node has said this."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def segments(self) -> list[Path]:
        """Segments of Fast DDS in shared memory that it has made for itself."""
        maps = Path(f"/proc/{self.process.pid}/maps").read_text().split()
        mapped = {Path(word) for word in maps if word.startswith(f"{FOLDER}/fastdds_")}
        new = mapped - self._shared_before
        return [segment for segment in new if segment.stat().st_size >= SEGMENT]

    def stop(self) -> None:
        """Ask it to end, which takes its segment of shared memory away, and wait."""
        self.process.terminate()
        self.end()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.end()

    def end(self) -> int:
        """Wait for the end and return the exit status."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join()
        return status


def mem4d_node() -> str:
    """Where the executable is: beside the interpreter or on the path."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("mem4d_node", path=os.pathsep.join([beside, os.environ["PATH"]]))
    assert found, "mem4d_node is not installed: run `make setup`, or source the workspace"
    return found
