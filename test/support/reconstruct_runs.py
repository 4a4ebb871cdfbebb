"""Runs of `mem4d reconstruct`, and what they leave."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from mem4d_ros.cli.main import main
from mem4d_ros.runtime import OnlineReconstructor, Reconstruction

FRAMES = 6
RATE_HZ = 12.5


def reconstruct(source: Path, out: Path, checkpoint: Path, *more: str) -> int:
    """Exit status of a run with a small network."""
    arguments = ["reconstruct", str(source), "--out", str(out), "--checkpoint", str(checkpoint)]
    arguments += ["--device", "cpu", "--precision", "fp32", "--voxel", "0.05"]
    arguments += ["--pose-source", "geometry"]
    return main([*arguments, *more])


def contents(out: Path) -> dict[str, bytes]:
    """All files to the byte, but the state to go on from."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "state.pt"]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def interrupt(patch: pytest.MonkeyPatch, frame: int) -> None:
    """Ctrl-C while a frame is worked on."""
    process = OnlineReconstructor.process

    def interrupted(
        self: OnlineReconstructor,
        image: np.ndarray,
        stamp_ns: int,
        intrinsics: np.ndarray | None = None,
        *,
        odom_from_camera: np.ndarray | None = None,
    ) -> Reconstruction:
        found = process(self, image, stamp_ns, intrinsics, odom_from_camera=odom_from_camera)
        if found.frame_index == frame:
            os.kill(os.getpid(), signal.SIGINT)
        return found

    patch.setattr(OnlineReconstructor, "process", interrupted)
