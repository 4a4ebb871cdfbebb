"""Video depth of a recording: the network's self-view z against the truth, at the truth's size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.evaluation.boundaries import BoundaryScore, boundary_score
from mem4d_ros.evaluation.depth import (
    Alignment,
    DepthErrors,
    DepthPixels,
    align,
    depth_errors,
    valid_pixels,
)
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Step, full_depth
from mem4d_ros.evaluation.protocols import DepthProtocol


@dataclass(frozen=True)
class DepthExample:
    """For a picture: one frame, and the errors of all.

    Attributes:
        image: (H, W, 3) uint8 RGB; predicted, true: (H, W) metres along z.
        abs_rel: (T,) of each frame under the first alignment, NaN where no pixel counts.
    """

    image: np.ndarray
    predicted: np.ndarray
    true: np.ndarray
    abs_rel: np.ndarray


@dataclass(frozen=True)
class DepthResult:
    """One sequence's errors under each alignment, by its name, and how sharp its edges are."""

    name: str
    frames: int
    alignments: Mapping[str, Alignment]
    errors: Mapping[str, DepthErrors]
    boundaries: BoundaryScore


def measure_depth(
    name: str, steps: Iterable[Step], protocol: DepthProtocol, alignments: Sequence[str]
) -> tuple[DepthResult, DepthExample]:
    """Errors over the frames of a sequence, under the alignments of these names; its last frame.

    A frame without true depth is seen by the network, but does not count.

    Raises:
        NotMeasurable: no frame has true depth, or no pixel counts.
    """
    frames, last, boundaries = [], None, BoundaryScore()
    for step in steps:
        true = step.sample.depth
        if true is None:
            continue
        predicted = full_depth(step.found)
        last = step.sample.image, predicted, true
        frames.append(valid_pixels(predicted, true, step.sample.moving, protocol.max_depth_m))
        boundaries += boundary_score(predicted, true)
    if last is None:
        raise NotMeasurable("no frame of the selection has depth to measure against")
    found = {alignment: align(frames, alignment) for alignment in alignments}
    result = DepthResult(
        name=name,
        frames=len(frames),
        alignments=found,
        errors={
            alignment: depth_errors(frames, found[alignment], protocol.clip_m)
            for alignment in alignments
        },
        boundaries=boundaries,
    )
    first = found[alignments[0]]
    abs_rel = np.array([_abs_rel(pixels, first, protocol.clip_m) for pixels in frames])
    return result, DepthExample(*last, abs_rel)


def _abs_rel(pixels: DepthPixels, alignment: Alignment, clip_m: float | None) -> float:
    return depth_errors([pixels], alignment, clip_m).abs_rel if len(pixels.true) else np.nan


def total_depth_errors(results: Sequence[DepthResult]) -> Mapping[str, DepthErrors]:
    """Errors of several sequences under each alignment, weighted by valid pixels."""
    return {
        alignment: sum((result.errors[alignment] for result in results), start=DepthErrors())
        for alignment in results[0].errors
    }


def total_boundary_score(results: Sequence[DepthResult]) -> BoundaryScore:
    """The mean over the images of several sequences."""
    return sum((result.boundaries for result in results), start=BoundaryScore())
