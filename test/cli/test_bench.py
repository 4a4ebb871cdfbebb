"""`mem4d bench`: what it prints and writes, and one line for what the user can mend."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from small_networks import SMALL_EVIDENT, SMALL_VIT, small_model

from mem4d_ros.cli.main import main
from mem4d_ros.model.checkpoint import save_checkpoint


@pytest.fixture
def bench(tmp_path: Path) -> list[str]:
    """The command for a small network."""
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT), notes={"licence": "Apache-2.0"})
    return ["bench", "--checkpoint", str(path), "--device", "cpu", "--frames", "2"]


def test_json_to_standard_output(bench: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*bench, "--size", "64x48", "--psm-size", "7", "--json", "-"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["width"], printed["height"], printed["frames"]) == (64, 48, 2)
    assert printed["memory"] == {"tca_window": 5, "tdm_size": 2, "psm_size": 7}
    assert min(printed["seconds"]) <= printed["median_s"] <= max(printed["seconds"])


def test_json_to_a_file_beside_the_text(
    bench: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "times.json"
    assert main([*bench, "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    for word in ("64x48 px", "PSM read", "GFLOP", "frames/s"):
        assert word in printed
    assert json.loads(file.read_text())["width"] == 64


def test_evidence_is_given_where_it_is_taken(
    bench: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(bench) == 0
    assert "evidence    none" in capsys.readouterr().out
    path = tmp_path / "evident.safetensors"
    save_checkpoint(path, small_model(SMALL_EVIDENT))
    evident = ["bench", "--checkpoint", str(path), "--device", "cpu", "--frames", "1"]
    assert main(evident) == 0
    assert "evidence    intrinsics, 300 points and a pose" in capsys.readouterr().out
    assert main([*evident, "--no-evidence", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["evidence_points"] is None
    assert main([*evident, "--compare=--no-evidence"]) == 0
    assert "with --no-evidence" in capsys.readouterr().out


def test_two_networks_in_turn(bench: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*bench, "--compare", "--size 256x192", "--clock", "cpu", "--json", "-"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed["ratios"]) == 2
    assert printed["median_ratio"] > 1
    assert main([*bench, "--compare", "--size 128x96"]) == 0
    assert "with --size 128x96" in capsys.readouterr().out


def test_times_are_drawn(bench: list[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    for name, options in (("one", []), ("two", ["--compare", "--size 128x96"])):
        file = tmp_path / f"{name}.png"
        assert main([*bench, *options, "--picture", str(file)]) == 0
        assert cv2.imread(str(file)).std() > 10  # not blank


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--checkpoint", "nowhere.safetensors"], "nowhere.safetensors: no such checkpoint file"),
        (["--size", "wide"], "WIDTHxHEIGHT"),
        (["--device", "cuda:99"], "cuda:99 is not available"),
        (["--device", "tpu"], "tpu"),
        (["--size", "100x100"], "multiples of 16"),
        (["--psm-size", "0"], "psm_size must be an integer of at least 1"),
        (["--json", "nowhere/times.json", "--size", "64x48"], "nowhere/times.json"),
        (["--picture", "nowhere/times.png", "--size", "64x48"], "nowhere/times.png"),
        (["--frames", "0"], "frames must be at least 1"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    bench: list[str], options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*bench, *options]) == 1
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
