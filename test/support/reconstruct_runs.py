"""Runs of `mem4d reconstruct`, and what they leave."""

from __future__ import annotations

from pathlib import Path

from mem4d_ros.cli.main import main

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
