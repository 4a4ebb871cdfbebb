"""Images to the network's device, results back to the host."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import torch

from mem4d_ros.model import FrameOutput


def to_tensor(image: np.ndarray, device: torch.device) -> torch.Tensor:
    """The image (h, w, 3) uint8 as a batch of one (1, 3, h, w) float32 in [0, 1] on `device`.

    The copy to a GPU is asynchronous: the host does not wait for it.
    """
    pixels = torch.from_numpy(image)
    if device.type == "cuda":
        pixels = pixels.pin_memory().to(device, non_blocking=True)
    return pixels.permute(2, 0, 1)[None].float().div_(255)


def to_host(output: FrameOutput) -> FrameOutput:
    """A copy of a frame's results on the host, in float32 (float64 stays).

    All copies from a GPU are under way before the host waits, once, for the last of them.
    """
    results = [getattr(output, field.name) for field in fields(FrameOutput)]
    copies = [
        torch.empty(
            result.shape,
            dtype=torch.promote_types(result.dtype, torch.float32),
            pin_memory=result.is_cuda,
        ).copy_(result, non_blocking=True)
        for result in results
    ]
    if results[0].is_cuda:
        torch.cuda.current_stream(results[0].device).synchronize()
    return FrameOutput(*copies)
