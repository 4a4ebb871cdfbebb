"""Depth on sequences that no training sees, with 0, 100 and 300 known points: what the log says.

Images come with their intrinsics and without poses. AbsRel is the mean over a sequence's pixels of
|p - g| / g, under one scale, the median of g / p, and as predicted; then over sequences. `mem4d
eval depth` measures frame by frame, with the alignments of the literature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from mem4d_ros.evaluation.evidence_points import measured_corners
from mem4d_ros.model import Mem4D
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.training.data.clips import Clips

POINTS = (0, 100, 300)
Sets = Callable[[], Mapping[str, Sequence[Clips]]]
_SEED = 0


class HeldOutDepth:
    """Measures models on sets of clips, by the sets' names."""

    def __init__(self, sets: Sets, precision: torch.dtype) -> None:
        """`sets`: gives clips with float images, on the device of the models, by name."""
        self._sets = sets
        self._precision = precision

    def __call__(self, model: Mem4D) -> dict[str, float]:
        """AbsRel as `<set>_<points>`, and as `<set>_<points>_metric` without alignment."""
        found: dict[str, Tensor] = {}
        for name, clips in self._sets().items():
            errors = torch.cat([self._errors(model, each) for each in clips], dim=-1).mean(-1)
            for count, (scaled, metric) in zip(POINTS, errors, strict=True):
                found[f"{name}_{count}"] = scaled
                found[f"{name}_{count}_metric"] = metric
        return {name: float(value) for name, value in found.items()}

    def _errors(self, model: Mem4D, clips: Clips) -> Tensor:
        """AbsRel (points, 2, B) of each clip: under one scale, and metric."""
        number = len(POINTS)
        measured = [measured_corners(clips.images, clips.depth, n, _SEED) for n in POINTS]
        evidence = Evidence(
            intrinsics=clips.intrinsics_of_frames.repeat(number, 1, 1, 1),
            depth=torch.cat([depth for depth, _ in measured]),
            deviation=torch.cat([deviation for _, deviation in measured]),
        )
        images = clips.images.repeat(number, 1, 1, 1, 1)  # all at once: a GPU waits for Python
        reduced = self._precision != torch.float32
        device = clips.images.device.type
        with torch.inference_mode(), torch.autocast(device, self._precision, enabled=reduced):
            depth = predicted_depth(model, images, evidence)
        errors = absolute_relative(depth, clips.depth.repeat(number, 1, 1, 1))
        return torch.stack(errors).unflatten(1, (number, -1)).transpose(0, 1)


def predicted_depth(model: Mem4D, images: Tensor, evidence: Evidence) -> Tensor:
    """Self-view z (B, T, H, W)."""
    return model.forward_sequence(images, evidence=evidence).points_camera[..., 2]


def absolute_relative(predicted: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """Mean |p - g| / g (B,) of sequences (B, T, H, W): under one scale each, and as predicted.

    True depth counts where it is positive and finite; a prediction that is not counts as nearly 0.
    """
    valid = (true > 0) & true.isfinite()
    predicted = predicted.float().clamp_min(1e-3)
    true = true.where(valid, 1)
    scale = (true / predicted).where(valid, torch.nan).flatten(1).nanmedian(1).values
    count = valid.flatten(1).sum(1).clamp_min(1)

    def error(depth: Tensor) -> Tensor:
        return ((depth - true).abs() / true).where(valid, 0).flatten(1).sum(1) / count

    return error(predicted * scale[:, None, None, None]), error(predicted)
