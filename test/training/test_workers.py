"""Several processes train one network."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small_training import small_config, small_run
from torch import nn

from mem4d_ros.training import run_log
from mem4d_ros.training.data.batches import BatchKey, PooledClips, training_batch
from mem4d_ros.training.data.procedural import ProceduralPool
from mem4d_ros.training.initial_model import initial_model
from mem4d_ros.training.losses import Truth, training_loss
from mem4d_ros.training.trainer import STATE_FILE
from mem4d_ros.training.workers import Workers, joined_workers

CPU = torch.device("cpu")
WORKER = Path(__file__).parents[1] / "support" / "training_worker.py"


def test_one_process_has_no_one_to_ask() -> None:
    workers = Workers()
    model = nn.Linear(2, 2)
    assert workers.is_first
    assert workers.average_gradients(model) is model
    assert torch.equal(workers.mean(torch.tensor([1.0, 2.0])), torch.tensor([1.0, 2.0]))
    assert workers.gather([1, 2]) == [1, 2]
    assert workers.some(True, CPU)
    assert not workers.some(False, CPU)


def test_without_torchrun_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_workers(CPU) as (workers, device):
        assert (workers, device) == (Workers(), CPU)


@pytest.mark.slow
def test_two_processes_do_what_one_does_with_both_batches(cache: Path, tmp_path: Path) -> None:
    """The same gradient, and the same weights in both; only the first writes state and log."""
    stage = {"steps": 1, "frames": [3, 3], "batch": 2}
    # Unclipped, and with every step's decay, so that the moments are the gradient's.
    rooms = {**small_run(cache)["data"], "seed": 20}  # which have no sky
    changes = {"data": rooms, "stages": [stage], "clip": 1e9, "memory": {"tca_window": 2}}
    config_file = tmp_path / "run.yaml"
    config_file.write_text(json.dumps(small_run(cache, **changes)))
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run(
        [sys.executable, *launcher, str(WORKER), str(config_file), str(tmp_path)],
        check=True,
        timeout=100,
    )
    weights = [load_file(tmp_path / f"rank{r}" / f"weights{r}.safetensors") for r in (0, 1)]
    assert all(torch.equal(weight, weights[1][name]) for name, weight in weights[0].items())
    assert [path.name for path in (tmp_path / "rank1").iterdir()] == ["weights1.safetensors"]

    config = small_config(cache, **changes)
    source = PooledClips(ProceduralPool(config.data, CPU), CPU)
    parts = [
        training_batch(source, config.stages[0], BatchKey(0, 0, r), config.data, None)
        for r in (0, 1)
    ]
    assert not torch.equal(parts[0].images, parts[1].images)
    images = torch.cat([part.images for part in parts])
    names = [field.name for field in fields(Truth)]
    truth = Truth(**{n: torch.cat([getattr(p.truth, n) for p in parts]) for n in names})
    assert truth.valid.all()  # so that both batches weigh the same
    model = initial_model(config)
    losses = training_loss(model.forward_sequence(images), truth, config.losses)
    losses.total.backward()

    state = load_file(tmp_path / "rank0" / STATE_FILE)
    gradients = {n: w.grad for n, w in model.named_parameters() if w.grad is not None}
    assert {name for name in state if name.startswith("optimizer.exp_avg.")} == {
        f"optimizer.exp_avg.{name}" for name in gradients
    }
    for name, gradient in gradients.items():
        found = state[f"optimizer.exp_avg.{name}"] / (
            1 - 0.9
        )  # AdamW's first moment after one step
        torch.testing.assert_close(found, gradient, rtol=1e-3, atol=1e-6, msg=name)
    (entry,) = run_log.read(tmp_path / "rank0" / "log.jsonl")
    assert entry["total"] == pytest.approx(losses.total.item(), rel=1e-4)
