"""What is measured of checkpoints and of their means, and what is said where nothing can be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml
from made_up_clips import HEIGHT, WIDTH, make_sequence
from small_networks import SMALL_EVIDENT

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.packed import write_packed
from mem4d_ros.training.measure import held_out_measure, main, read_network, table

CPU = torch.device("cpu")


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """Of packed recordings and nothing that arrives."""
    recordings = tmp_path / "recordings"
    (recordings / "held_out").mkdir(parents=True)
    for name in ("a", "held_out/mesh-1"):
        write_packed(
            recordings / f"{name}.packed.safetensors", make_sequence(20), (HEIGHT, WIDTH), 95
        )
    live = {
        "recordings": str(recordings),
        "rendered": str(tmp_path / "nowhere"),
        "height": HEIGHT,
        "width": WIDTH,
        "held_out": 0.1,
        "held_out_frames": 2,
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"data": {"height": 32, "width": 48, "live": live}}))
    return path


@pytest.fixture
def checkpoints(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{seed}.safetensors" for seed in range(2)]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        save_checkpoint(path, Mem4D(SMALL_EVIDENT))
    return [str(path) for path in paths]


def test_a_row_for_each_checkpoint_and_for_their_mean(
    config_file: Path, checkpoints: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    joined = "+".join(checkpoints)
    main(["--config", str(config_file), "--device", "cpu", *checkpoints, joined])
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0] for row in rows] == [f"| {n}" for n in (*checkpoints, joined)]
    assert {"recorded_0", "recorded_300_metric", "mesh_100"} < set(header.split(" | "))
    measure = held_out_measure(TrainingConfig.load(config_file), CPU)
    mean = measure(read_network(joined))
    assert rows[2] in table({joined: mean})


def test_without_recordings_it_says_so(
    config_file: Path, checkpoints: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--config", str(config_file), "--set", "data.live.recordings=null", checkpoints[0]])
    assert "data.live.recordings" in capsys.readouterr().err


def test_a_checkpoint_that_is_not_there_is_named(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--config", str(config_file), "gone.safetensors"])
    assert "gone.safetensors" in capsys.readouterr().err
