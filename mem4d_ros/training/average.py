"""The mean of several checkpoints of one network: `python -m mem4d_ros.training.average`.

Weights that were trained on from one another lie in one valley, and their mean is often steadier on
images unlike those of training (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint, save_checkpoint


def average(models: Sequence[Mem4D]) -> Mem4D:
    """A network whose weights are the means of the models'; float32, on the CPU.

    Raises:
        ValueError: there is none, or they are different networks.
    """
    if not models:
        raise ValueError("an average needs at least one checkpoint")
    first = models[0]
    if any(model.config != first.config for model in models):
        raise ValueError("the checkpoints hold different networks: `mem4d info` prints their sizes")
    states = [model.state_dict() for model in models]
    mean = Mem4D(first.config)
    mean.load_state_dict(
        {name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]}
    )
    return mean.eval()


def main(arguments: Sequence[str] | None = None) -> None:
    """Average checkpoints into one, in half precision."""
    parser = argparse.ArgumentParser(prog="average", description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--note", action="append", default=[], metavar="NAME=TEXT")
    options = parser.parse_args(arguments)
    for note in options.note:
        if "=" not in note:
            parser.error(f"--note {note!r} is not NAME=TEXT")
    notes = dict(note.split("=", 1) for note in options.note)
    try:
        mean = average([load_checkpoint(path) for path in options.checkpoints])
        save_checkpoint(options.out, mean, dtype=torch.float16, notes=notes)
    except (CheckpointError, ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
