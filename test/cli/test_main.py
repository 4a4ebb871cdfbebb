"""The command line: what it prints, and one line for what the user can mend."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_networks import SMALL_VIT, small_model

from mem4d_ros.cli.main import main
from mem4d_ros.model import Mem4DConfig
from mem4d_ros.model.checkpoint import save_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT), notes={"licence": "Apache-2.0"})
    return path


def test_info_prints_notes_and_config(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(checkpoint)]) == 0
    printed = capsys.readouterr().out
    assert "licence: Apache-2.0" in printed
    config = json.loads(printed.split("config: ", 1)[1])
    assert Mem4DConfig.from_dict(config) == SMALL_VIT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "nowhere.safetensors"], "nowhere.safetensors: no such checkpoint file"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--config", "a.yaml", "--out", "out", "--steps", "0"],
        ["train", "--config", "a.yaml", "--out", "out", "--threads", "-1"],
        ["bench", "--threads", "-1"],
        ["export", "--out", "a.onnx", "--threads", "none"],
    ],
    ids=" ".join,
)
def test_numbers_that_cannot_be_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    printed = capsys.readouterr().err
    assert "must be a whole number of at least 1, got" in printed
    assert printed.count("\n") == 1


def test_a_missing_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_commands_run_where_python_leaves_docstrings_out() -> None:
    command = [sys.executable, "-OO", "-m", "mem4d_ros.cli.main", "completion", "bash"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
