"""`mem4d train`: what it shows, what it leaves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from small_training import small_run

from mem4d_ros.cli.main import main
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.training import run_log
from mem4d_ros.training.run_lock import sole_run


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def write_config(path: Path, cache: Path, **changes: Any) -> list[str]:
    """The options that name a small run."""
    path.write_text(json.dumps(small_run(cache, **changes)))
    return ["--config", str(path), "--device", "cpu"]


def curve(out: Path) -> list[dict[str, Any]]:
    """The log without the times, which no two runs share."""
    entries = run_log.read(out / "log.jsonl")
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]


@pytest.mark.long
def test_a_run_shows_progress_and_leaves_a_checkpoint(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = write_config(tmp_path / "run.yaml", cache, held_out=1)
    out = tmp_path / "out"
    assert main(["train", *options, "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("step 1/6  world ")
    assert sum(line.startswith("held out: abs_rel ") for line in lines) == 2
    assert lines[-1] == f"step 6 of 6 is saved in {out}"
    load_checkpoint(out / "checkpoint.safetensors")
    held_out = [entry["held_out"] for entry in curve(out) if "held_out" in entry]
    names = {"abs_rel", "delta_125", "abs_rel_metric", "ate_share", "moving_ratio"}
    assert [entry.keys() for entry in held_out] == [names] * 2
    assert json.loads((out / "config.json").read_text())["held_out"] == 1


@pytest.mark.long
def test_a_dry_run_is_the_start_of_the_run(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = write_config(tmp_path / "run.yaml", cache)
    dry, whole = tmp_path / "dry", tmp_path / "whole"
    assert main(["train", *options, "--out", str(whole)]) == 0
    assert main(["train", *options, "--out", str(dry), "--steps", "2"]) == 0
    assert curve(dry) == curve(whole)[:2]
    assert main(["train", *options, "--out", str(dry)]) == 0
    assert curve(dry) == curve(whole)
    assert f"{dry} is at step 2 of 6" in capsys.readouterr().out


@pytest.mark.long
def test_a_value_can_be_set_on_the_command_line(cache: Path, tmp_path: Path) -> None:
    options = write_config(tmp_path / "run.yaml", cache)
    out = tmp_path / "out"
    changes = ["--set", "memory.tdm_size=0", "--set", "losses.relative_pose=0"]
    assert main(["train", *options, "--out", str(out), "--steps", "1", *changes]) == 0
    assert load_checkpoint(out / "checkpoint.safetensors").config.memory.tdm_size == 0
    config = json.loads((out / "config.json").read_text())
    assert config["losses"]["relative_pose"] == 0


@pytest.mark.long
def test_corrupt_samples_are_counted(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = write_config(tmp_path / "run.yaml", cache)
    assert main(["train", *options, "--out", str(tmp_path / "a")]) == 0
    for path in cache.glob("000000*.safetensors"):
        path.write_bytes(b"")
    assert main(["train", *options, "--out", str(tmp_path / "b")]) == 0
    assert curve(tmp_path / "b") == curve(tmp_path / "a")
    assert "4 corrupt samples were made anew or skipped" in capsys.readouterr().out


def test_precision_is_never_half(cache: Path, tmp_path: Path) -> None:
    options = write_config(tmp_path / "run.yaml", cache)
    arguments = ["train", *options, "--out", str(tmp_path / "out"), "--precision"]
    assert main([*arguments, "bf16", "--steps", "1"]) == 0
    assert main([*arguments, "fp16"]) == 1


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"lerning_rate": 1}, [], "run.yaml: unknown key lerning_rate"),
        ({}, ["--set", "data.pool=none"], "run.yaml: data.pool must be a whole number"),
        ({}, ["--precision", "fp16"], "precision must be one of"),
        ({}, ["--device", "cuda:99"], "cuda:99 is not available"),
        ({"initial_checkpoint": "nowhere"}, [], "initial_checkpoint: nowhere: no such checkpoint"),
        ({"data": {"cache": "/proc/nowhere"}}, [], "/proc/nowhere"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    changes: dict[str, Any],
    arguments: list[str],
    message: str,
    cache: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "data" in changes:
        changes = {"data": {**small_run(cache)["data"], **changes["data"]}}
    options = write_config(tmp_path / "run.yaml", cache, **changes)
    assert main(["train", *options, "--out", str(tmp_path / "out"), *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_a_folder_that_holds_another_run(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.safetensors").write_bytes(b"nonsense")
    options = write_config(tmp_path / "run.yaml", cache)
    assert main(["train", *options, "--out", str(tmp_path)]) == 1
    assert "run.safetensors: is not the state of a training run" in capsys.readouterr().err


def test_a_folder_in_which_another_process_trains(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = write_config(tmp_path / "run.yaml", cache)
    with sole_run(tmp_path):
        assert main(["train", *options, "--out", str(tmp_path)]) == 1
    assert "another process trains here" in capsys.readouterr().err
    assert not (tmp_path / "config.json").exists()


@pytest.mark.long
def test_only_training_needs_its_packages(cache: Path, tmp_path: Path) -> None:
    options = write_config(tmp_path / "run.yaml", cache)
    arguments = ["train", *options, "--out", str(tmp_path / "out")]
    without_yaml = (
        "import sys; sys.modules['yaml'] = None; from mem4d_ros.cli.main import main; "
        f"sys.exit(main({arguments}))"
    )
    ended = subprocess.run([sys.executable, "-c", without_yaml], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "mem4d train: this needs the package yaml: pip install" in ended.stderr
    assert ended.stderr.count("\n") == 1


def start(options: list[str], out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mem4d_ros.cli.main", "train", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([*command, "--out", str(out), "--threads", "1"], env=environment)


def wait_for_steps(out: Path, steps: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while len(run_log.read(out / "log.jsonl")) < steps:
        assert process.poll() is None, "the run ended too early"
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_nothing_had_happened(cache: Path, tmp_path: Path) -> None:
    """kill -9 between two saves; then the same losses and, to the last bit, the same weights."""
    stages = [{"steps": 25, "frames": [2, 4], "batch": 2}]
    options = write_config(tmp_path / "run.yaml", cache, stages=stages, checkpoint_every=4)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(options, whole).wait(60) == 0

    process = start(options, killed)
    wait_for_steps(killed, 10, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert 10 <= len(curve(killed)) < 25
    assert start(options, killed).wait(60) == 0

    assert curve(killed) == curve(whole)
    weights = load_file(whole / "run.safetensors")
    for name, value in load_file(killed / "run.safetensors").items():
        assert torch.equal(value, weights[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_and_ends(number: signal.Signals, cache: Path, tmp_path: Path) -> None:
    stages = [{"steps": 10000, "frames": [2, 2], "batch": 1}]
    options = write_config(tmp_path / "run.yaml", cache, stages=stages, checkpoint_every=10000)
    out = tmp_path / "out"
    process = start(options, out)
    wait_for_steps(out, 3, process)
    process.send_signal(number)
    assert process.wait(60) == 0
    last = curve(out)[-1]["step"]
    assert load_checkpoint(out / "checkpoint.safetensors")
    process = start(options, out)
    wait_for_steps(out, last + 1, process)
    process.kill()
    process.wait(60)
    assert [entry["step"] for entry in curve(out)][: last + 1] == list(range(1, last + 2))


@pytest.mark.slow
def test_the_papers_setting_trains_at_reduced_width(tmp_path: Path) -> None:
    """The committed config with fewer channels, pixels and sequences; all its parts at work."""
    network = {
        "encoder": {"kind": "vit", "width": 64, "depth": 2, "heads": 2},
        "width": 64,
        "heads": 2,
        "rope_dims": [8, 12, 12],
        "head": {"layer_widths": [8, 8, 16, 16], "fusion_width": 16},
    }
    data = {"pool": 2, "frames": 12, "height": 48, "width": 64, "cache": str(tmp_path / "cache")}
    stages = [
        {"steps": 2, "frames": [11, 11], "batch": 1},
        {"steps": 1, "frames": [12, 12], "batch": 1},
    ]
    changes = {
        "encoder": None,
        "freeze_encoder": False,
        "network": network,
        "data": data,
        "stages": stages,
        "held_out": 1,
    }
    config = Path(__file__).parents[3] / "training" / "large_paper.yaml"
    options = [f"--set={key}={json.dumps(value)}" for key, value in changes.items()]
    out = tmp_path / "out"
    assert main(["train", "--config", str(config), "--out", str(out), *options]) == 0
    entries = curve(out)
    assert [entry["step"] for entry in entries] == [1, 2, 3, 3]
    assert all(entry["total"] < 10 for entry in entries[:3])
