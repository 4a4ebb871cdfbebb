"""`mem4d eval depth`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from mem4d_ros.cli.evaluate.measure import Figures
from mem4d_ros.evaluation.depth import DepthErrors, PixelErrors
from mem4d_ros.evaluation.online import Step
from mem4d_ros.evaluation.protocols import DepthProtocol
from mem4d_ros.evaluation.video_depth import (
    DepthExample,
    DepthResult,
    measure_depth,
    total_boundary_score,
    total_depth_errors,
)


class DepthMeasure:
    """Video depth under several alignments; the ratio of what moves to what stands is the first's.

    Of all sequences together, depth is weighted by valid pixels.
    """

    def __init__(self, protocol: DepthProtocol, alignments: Sequence[str]) -> None:
        self.protocol = protocol
        self._alignments = list(dict.fromkeys(alignments))
        titles = [
            f"{name} ({alignment})"
            for alignment in self._alignments
            for name in ("AbsRel", "delta<1.25")
        ]
        self.columns = ["frames", *titles, "scale", "moving/still", "edge F1"]

    def measure(self, name: str, steps: Iterable[Step]) -> tuple[DepthResult, DepthExample]:
        return measure_depth(name, steps, self.protocol, self._alignments)

    def figures(self, result: DepthResult) -> Figures:
        return {
            "frames": result.frames,
            "boundary_f1": result.boundaries.f1,
            **{
                name: {**_figures(result.errors[name]), **asdict(alignment)}
                for name, alignment in result.alignments.items()
            },
        }

    def overall(self, results: Sequence[DepthResult]) -> Figures:
        return {
            "frames": sum(result.frames for result in results),
            "boundary_f1": total_boundary_score(results).f1,
            **{name: _figures(errors) for name, errors in total_depth_errors(results).items()},
        }

    def row(self, figures: Figures) -> Sequence[str]:
        errors = [figures[alignment] for alignment in self._alignments]
        scale, ratio = errors[0].get("scale"), errors[0]["moving_ratio"]
        sharpness = figures["boundary_f1"]
        return [
            str(figures["frames"]),
            *(f"{found[name]:.3f}" for found in errors for name in ("abs_rel", "delta_125")),
            "" if scale is None else f"{scale:.3f}",
            "" if ratio is None else f"{ratio:.2f}",
            "" if sharpness is None else f"{sharpness:.3f}",
        ]

    def picture(self, result: DepthResult, evidence: DepthExample) -> np.ndarray:
        from mem4d_ros.evaluation.pictures import depth_error_picture

        return depth_error_picture(result, evidence)


def _figures(errors: DepthErrors) -> Figures:
    return {
        "abs_rel": errors.abs_rel,
        "delta_125": errors.delta_125,
        "pixels": errors.everything.pixels,
        "moving_ratio": errors.moving_ratio,
        "moving_abs_rel": _abs_rel(errors.moving),
        "still_abs_rel": _abs_rel(errors.still),
        "moving_pixels": errors.moving.pixels,
    }


def _abs_rel(errors: PixelErrors) -> float | None:
    return errors.abs_rel if errors.pixels else None
