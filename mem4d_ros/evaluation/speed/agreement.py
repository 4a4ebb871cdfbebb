"""How far two ways to compute one network are apart along a stream."""

from __future__ import annotations

from dataclasses import fields

import torch
import torch.nn.functional as F
from torch import Tensor

from mem4d_ros.evaluation.speed.stream import FullStream, Setting, running
from mem4d_ros.model import FrameOutput

SHIFT_PX = 2
"""By which the picture moves from frame to frame."""


def largest_difference(first: Setting, second: Setting, steps: int) -> float:
    """Largest difference of any output's value in `steps` steps of a new stream.

    Each is divided by the largest value of its output, or 1. Both see the same moving picture and
    the same evidence; each goes on with its own memory.
    """
    told = FullStream(first)
    states = [setting.model.initial_state(setting.memory) for setting in (first, second)]
    picture = _picture(first, SHIFT_PX * steps)
    worst = 0.0
    for step in range(steps):
        left = SHIFT_PX * step
        image = picture[..., left : left + first.width].contiguous()
        evidence = told.evidence().to(first.device) if first.evidence else None
        outputs = []
        for index, setting in enumerate((first, second)):
            with running(setting):
                output, states[index] = setting.model.step(image, states[index], evidence)
            outputs.append(output)
        worst = max(worst, _difference(*outputs))
    return worst


def _picture(setting: Setting, extra: int) -> Tensor:
    """Smooth random colours (1, 3, H, W + extra) in [0, 1]."""
    random = torch.Generator().manual_seed(0)
    width = setting.width + extra
    coarse = torch.rand(1, 3, max(2, setting.height // 24), max(2, width // 24), generator=random)
    picture = F.interpolate(coarse, (setting.height, width), mode="bicubic").clamp(0, 1)
    return picture.to(setting.device)


def _difference(first: FrameOutput, second: FrameOutput) -> float:
    worst = 0.0
    for field in fields(FrameOutput):
        a, b = getattr(first, field.name), getattr(second, field.name)
        worst = max(worst, float((a - b).abs().max() / a.abs().max().clamp_min(1)))
    return worst
