"""`mem4d eval pose`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from mem4d_ros.cli.evaluate.measure import Figures
from mem4d_ros.evaluation.online import Step
from mem4d_ros.evaluation.pose import Paths, PoseErrors, PoseResult, mean_pose_errors, measure_pose
from mem4d_ros.evaluation.protocols import PoseProtocol


class PoseMeasure:
    """Camera pose; all sequences together are the mean of each figure.

    The path's scale by the depth's is a median instead. "after loops" is the ATE of
    the positions as they are in the end, where loops have closed.
    """

    columns = (
        "frames",
        "ATE / m",
        "ATE / path",
        "after loops",
        "RPE / m",
        "RPE / deg",
        "scale",
        "by depth",
        "path / m",
    )

    def __init__(self, protocol: PoseProtocol) -> None:
        self.protocol = protocol

    def measure(self, name: str, steps: Iterable[Step]) -> tuple[PoseResult, Paths]:
        return measure_pose(name, steps)

    def figures(self, result: PoseResult) -> Figures:
        return {
            **_figures(result.frames, result.errors, result.path_by_depth, result.final_ate_m),
            "uncounted": result.uncounted,
        }

    def overall(self, results: Sequence[PoseResult]) -> Figures:
        frames = sum(result.frames for result in results)
        known = [r.path_by_depth for r in results if r.path_by_depth is not None]
        by_depth = float(np.median(known)) if known else None
        final = None
        if any(r.final_ate_m is not None for r in results):
            each = [r.errors.ate_m if r.final_ate_m is None else r.final_ate_m for r in results]
            final = float(np.mean(each))
        return _figures(frames, mean_pose_errors([r.errors for r in results]), by_depth, final)

    def row(self, figures: Figures) -> Sequence[str]:
        share, by_depth = figures["ate_share"], figures["path_by_depth"]
        final = figures["final_ate_m"]
        return [
            str(figures["frames"]),
            f"{figures['ate_m']:.3f}",
            "" if share is None else f"{share:.2%}",
            "" if final is None else f"{final:.3f}",
            f"{figures['rpe_m']:.4f}",
            f"{figures['rpe_deg']:.3f}",
            f"{figures['scale']:.3f}",
            "" if by_depth is None else f"{by_depth:.3f}",
            f"{figures['path_m']:.2f}",
        ]

    def picture(self, result: PoseResult, evidence: Paths) -> np.ndarray:
        from mem4d_ros.evaluation.pictures import trajectory_picture

        return trajectory_picture(result, evidence)


def _figures(
    frames: int, errors: PoseErrors, path_by_depth: float | None, final_ate_m: float | None
) -> Figures:
    return {
        "frames": frames,
        **asdict(errors),
        "ate_share": errors.ate_share,
        "path_by_depth": path_by_depth,
        "final_ate_m": final_ate_m,
    }
