"""What a report says of code, weights and machine is what others say of them."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import mem4d_ros
from mem4d_ros.evaluation import provenance

ROOT = Path(__file__).parents[2]


def git(*arguments: str, folder: Path = ROOT) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_commit_is_that_of_the_checkout() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("the tests do not run in a git checkout")
    code = provenance.code()
    assert code["version"] == mem4d_ros.__version__
    assert code["commit"] == git("rev-parse", "HEAD")


def test_a_package_that_is_only_inside_a_checkout_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one installed into a project's virtual environment."""
    git("init", "-q", folder=tmp_path)
    module = tmp_path / "__init__.py"
    module.touch()
    monkeypatch.setattr(mem4d_ros, "__file__", str(module))
    assert provenance.code() == {"version": mem4d_ros.__version__}


def test_a_package_without_git_has_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "commit" not in provenance.code()


def test_weights_are_known_by_their_bytes(tmp_path: Path) -> None:
    checkpoint = tmp_path / "weights.safetensors"
    checkpoint.write_bytes(b"weights")
    assert provenance.weights(checkpoint) == {
        "file": str(checkpoint),
        "sha256": hashlib.sha256(b"weights").hexdigest(),
    }
    assert provenance.weights(None) is None


def test_versions_are_those_that_run() -> None:
    versions = provenance.libraries()
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert (versions["torch"], versions["numpy"]) == (torch.__version__, np.__version__)


def test_the_machine_is_named() -> None:
    machine = provenance.machine(torch.device("cpu"), torch.bfloat16)
    assert machine["precision"] == "bfloat16"
    assert machine["threads"] == torch.get_num_threads()
    assert machine["system"] == platform.platform()
    assert machine["device"]
