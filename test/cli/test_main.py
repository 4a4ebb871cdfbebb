"""The command line: what it prints, and one line for what the user can mend."""

import json
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


def test_bench_prints_json(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "--checkpoint", str(checkpoint), "--size", "64x48", "--steps", "2"]
    assert main([*arguments, "--device", "cpu", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["width"], printed["height"], printed["steps"]) == (64, 48, 2)
    assert printed["memory"]["psm_size"] == SMALL_VIT.memory.psm_size


def test_bench_prints_text(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--checkpoint", str(checkpoint), "--steps", "1"]) == 0
    assert "64x48 px" in capsys.readouterr().out


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
        (["bench", "--checkpoint", "nowhere.safetensors"], "no such checkpoint file"),
        (["bench", "--size", "wide"], "WIDTHxHEIGHT"),
        (["bench", "--device", "cuda:99"], "cuda:99 is not available"),
        (["bench", "--device", "tpu"], "tpu"),
        (["bench", "--size", "100x100"], "multiples of 16"),
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


def test_a_missing_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
