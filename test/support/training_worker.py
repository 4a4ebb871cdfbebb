"""A process of a training run that leaves what it has in a folder of its own.

Started by torchrun with a config (a YAML file) and a folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.sources import open_source
from mem4d_ros.training.trainer import Trainer
from mem4d_ros.training.workers import joined_workers


def main() -> None:
    config_file, folder = sys.argv[1:]
    config = TrainingConfig.load(config_file)
    with joined_workers(torch.device("cpu")) as (workers, device):
        out = Path(folder) / f"rank{workers.rank}"
        trainer = Trainer(config, out, open_source(config, device), device, torch.float32, workers)
        trainer.run(until=1)
        save_file(trainer.model.state_dict(), out / f"weights{workers.rank}.safetensors")


if __name__ == "__main__":
    main()
