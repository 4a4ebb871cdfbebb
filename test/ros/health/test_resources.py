"""Memory in use and left, against what the system's own tools and torch say."""

from __future__ import annotations

import resource

import pytest
import torch

from mem4d_ros.ros.health import resources
from mem4d_ros.ros.health.resources import read_resources


def test_the_process_and_the_machine() -> None:
    found = read_resources("cpu")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # of a moment ago
    assert 10_000_000 < found.resident < 1.1 * peak
    assert 0 < found.host_available < found.host_total
    assert (found.device_allocated, found.device_total) == (0, 0)


def test_what_the_system_does_not_tell_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(resources.Path, "read_text", refuse)
    assert read_resources("cpu") == resources.Resources(0, 0, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_the_device() -> None:
    before = read_resources("cuda:0")
    held = torch.empty(100_000_000, dtype=torch.uint8, device="cuda:0")
    after = read_resources("cuda:0")
    assert after.device_allocated - before.device_allocated >= held.numel()
    assert before.device_free - after.device_free >= 0.9 * held.numel()
