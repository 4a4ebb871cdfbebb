"""`mem4d export`: files that say what torch says, and one line for what the user can mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_networks import SMALL_EVIDENT, small_model

from mem4d_ros.cli.main import main
from mem4d_ros.model.checkpoint import save_checkpoint


@pytest.fixture
def export(tmp_path: Path) -> list[str]:
    """The command for a small network and small images."""
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_EVIDENT))
    return ["export", "--checkpoint", str(path), "--device", "cpu", "--size", "64x48"]


@pytest.mark.slow
def test_parts_are_written_and_compared(
    export: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxscript", reason="torch needs onnxscript to write ONNX")
    folder = tmp_path / "engines"
    assert main([*export, "--out", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "(ok: 0.001 is allowed)" in printed
    assert "times as fast as torch" in printed
    names = " ".join(file.name for file in folder.glob("*.onnx"))
    for part in ("encoder", "evidence", "TCA", "TDM", "readout", "self-view-head", "PSM-write"):
        assert part in names


def test_a_folder_that_cannot_be_made(
    export: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    (tmp_path / "file").touch()
    assert main([*export, "--out", str(tmp_path / "file" / "engines")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_another_number_format(export: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    assert main([*export, "--precision", "bf16"]) == 1
    assert "fp32" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["100x75", "0x0", "8x48"])
def test_a_size_that_the_network_cannot_have_is_one_line(
    export: list[str], size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*export[:-1], size]) == 1
    assert f"--size {size}: both sides must be multiples of" in capsys.readouterr().err
