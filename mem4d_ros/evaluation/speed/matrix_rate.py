"""Capabilities of a device: rate of matrix products, and whether its attention is fused."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from mem4d_ros.model import Mem4DConfig

_SIDE = {"cpu": 2048, "cuda": 8192}
_FUSED = [
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.CUDNN_ATTENTION,
]


def matrix_rate(
    device: torch.device, precision: torch.dtype, now: Callable[[], float], repeats: int = 5
) -> float:
    """Operations per second of `now` in the best of some products of large square matrices."""
    side = _SIDE[device.type]
    a, b = torch.randn(2, side, side, device=device).to(precision)
    a @ b  # the first product also sets the library up
    seconds = []
    for _ in range(repeats):
        _wait(device)
        start = now()
        a @ b
        _wait(device)
        seconds.append(now() - start)
    return 2 * side**3 / min(seconds)


def fused_attention(
    config: Mem4DConfig, device: torch.device, precision: torch.dtype
) -> bool | None:
    """Whether scaled-dot-product attention takes a fused kernel with this network's heads.

    None on a CPU, where the layers choose for themselves.
    """
    if device.type == "cpu":
        return None
    shape = (1, config.heads, 128, config.width // config.heads)
    query = torch.randn(shape, device=device, dtype=precision)
    try:
        with sdpa_kernel(_FUSED):
            F.scaled_dot_product_attention(query, query, query)
    except RuntimeError:  # none of them takes it
        return False
    return True


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
