"""`mem4d eval recon`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from mem4d_ros.cli.evaluate.measure import Figures
from mem4d_ros.evaluation.clouds import mean_cloud_errors
from mem4d_ros.evaluation.online import Step
from mem4d_ros.evaluation.protocols import ReconstructionProtocol
from mem4d_ros.evaluation.reconstruction import (
    ErrorCloud,
    ReconstructionResult,
    measure_reconstruction,
)

TITLES = {
    "accuracy": "Acc / m",
    "accuracy_median": "median",
    "completeness": "Comp / m",
    "completeness_median": "median",
    "normal_consistency": "NC",
    "normal_consistency_median": "median",
}


class ReconstructionMeasure:
    """Pointmaps; all sequences together are the mean of each figure."""

    columns = ("frames", *TITLES.values(), "scale")

    def __init__(self, protocol: ReconstructionProtocol) -> None:
        self.protocol = protocol

    def measure(self, name: str, steps: Iterable[Step]) -> tuple[ReconstructionResult, ErrorCloud]:
        return measure_reconstruction(name, steps, self.protocol)

    def figures(self, result: ReconstructionResult) -> Figures:
        return {
            "frames": result.frames,
            **asdict(result.errors),
            "scale": result.scale,
            "uncounted": result.uncounted,
        }

    def overall(self, results: Sequence[ReconstructionResult]) -> Figures:
        errors = mean_cloud_errors([result.errors for result in results])
        return {
            "frames": sum(result.frames for result in results),
            **asdict(errors),
            "scale": float(np.mean([result.scale for result in results])),
        }

    def row(self, figures: Figures) -> Sequence[str]:
        return [
            str(figures["frames"]),
            *(f"{figures[name]:.3f}" for name in TITLES),
            f"{figures['scale']:.3f}",
        ]

    def picture(self, result: ReconstructionResult, evidence: ErrorCloud) -> np.ndarray:
        from mem4d_ros.evaluation.pictures import cloud_error_picture

        return cloud_error_picture(result, evidence)
