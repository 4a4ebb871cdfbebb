"""Conditions for repeating a measurement: code, weights, libraries, machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

import mem4d_ros
from mem4d_ros.runtime.device import processor_name

LIBRARIES = ("torch", "numpy", "opencv-python-headless", "evo", "small-gicp")


def code() -> dict[str, object]:
    """The package's version, and its commit where it is run from a git checkout.

    `changed` says that files differ from the commit.
    """
    return {"version": mem4d_ros.__version__, **_checkout(Path(mem4d_ros.__file__).resolve())}


def libraries() -> dict[str, str | None]:
    """Versions of Python and of what the figures depend on; None: not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}}


def machine(device: torch.device, precision: torch.dtype) -> dict[str, object]:
    """Device and number format of a run."""
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else processor_name(),
        "threads": torch.get_num_threads(),
        "precision": str(precision).removeprefix("torch."),
        "system": platform.platform(),
    }


def weights(checkpoint: Path | None) -> dict[str, object] | None:
    """A checkpoint's file and the SHA-256 of its bytes; None for random weights."""
    if checkpoint is None:
        return None
    return {
        "file": str(checkpoint),
        "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
    }


def _checkout(file: Path) -> Mapping[str, object]:
    """The commit of the git checkout to which a file belongs; nothing where it belongs to none."""
    if _git(file, "ls-files", "--error-unmatch", file.name) is None:
        return {}
    return {
        "commit": _git(file, "rev-parse", "HEAD"),
        "changed": bool(_git(file, "status", "--porcelain", "--untracked-files=no")),
    }


def _git(file: Path, *arguments: str) -> str | None:
    """Output of git in a file's folder; None where there is no git, or it refuses."""
    try:
        done = subprocess.run(
            ["git", "-C", str(file.parent), *arguments], capture_output=True, text=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
