"""The mean of checkpoints is the mean of each weight."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import load_checkpoint, save_checkpoint
from mem4d_ros.training.average import average, main


def networks(count: int) -> list[Mem4D]:
    torch.manual_seed(0)
    return [Mem4D(SMALL_VIT) for _ in range(count)]


def test_each_weight_is_the_mean() -> None:
    models = networks(3)
    mean = average(models).state_dict()
    for name, weight in mean.items():
        first, second, third = (model.state_dict()[name] for model in models)
        torch.testing.assert_close(weight, (first + second + third) / 3)


def test_the_mean_of_one_network_is_itself() -> None:
    (model,) = networks(1)
    for name, weight in average([model]).state_dict().items():
        assert torch.equal(weight, model.state_dict()[name])


def test_different_networks_have_no_mean() -> None:
    with pytest.raises(ValueError, match="different networks"):
        average([*networks(1), Mem4D(SMALL_CONVOLUTIONAL)])
    with pytest.raises(ValueError, match="at least one"):
        average([])


def test_files_become_one_in_half_precision(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.safetensors" for index in range(2)]
    models = networks(2)
    for path, model in zip(paths, models, strict=True):
        save_checkpoint(path, model)
    out = tmp_path / "mean.safetensors"
    main([*map(str, paths), "--out", str(out), "--note", "licence=mine"])
    found = load_checkpoint(out)
    assert found.config == SMALL_VIT
    expected = average(models).state_dict()
    for name, weight in found.state_dict().items():
        torch.testing.assert_close(weight, expected[name], rtol=1e-3, atol=1e-6)


def test_a_file_that_is_no_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nonsense")
    with pytest.raises(SystemExit):
        main([str(broken), "--out", str(tmp_path / "out.safetensors")])
    assert "broken.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("out", "note", "message"),
    [
        ("nowhere/mean.safetensors", "licence=mine", "nowhere/mean.safetensors"),
        ("mean.safetensors", "mine", "--note 'mine' is not NAME=TEXT"),
    ],
)
def test_what_cannot_be_written_is_said(
    out: str, note: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, *networks(1))
    with pytest.raises(SystemExit):
        main([str(path), "--out", str(tmp_path / out), "--note", note])
    assert message in capsys.readouterr().err
