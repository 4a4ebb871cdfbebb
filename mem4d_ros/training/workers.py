"""The processes of one run, as `torchrun` starts them; a run of one process is one of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")


@dataclass(frozen=True)
class Workers:
    """This process among `count`; the one of rank 0 speaks and writes for all."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def average_gradients(self, model: nn.Module) -> nn.Module:
        """The same model; after its backward pass every process has the mean of all gradients."""
        if self.count == 1:
            return model
        # Which weights a step uses depends on its number of frames.
        return DistributedDataParallel(model, find_unused_parameters=True)

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the processes, elementwise."""
        if self.count > 1:
            dist.all_reduce(values)
        return values / self.count

    def some(self, value: bool, device: torch.device) -> bool:
        """Whether it is so for at least one process."""
        return bool(self.mean(torch.tensor(float(value), device=device)) > 0)

    def gather(self, items: list[T]) -> list[T]:
        """The items of all processes, in all of them."""
        if self.count == 1:
            return items
        gathered: list[list[T]] = [[] for _ in range(self.count)]
        dist.all_gather_object(gathered, items)
        return [item for part in gathered for item in part]


@contextmanager
def joined_workers(device: torch.device) -> Iterator[tuple[Workers, torch.device]]:
    """This process's place among those that `torchrun` started, and its device.

    On CUDA each process of a machine takes a GPU of its own.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Workers(), device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Workers(dist.get_rank(), count), device
    finally:
        dist.destroy_process_group()
