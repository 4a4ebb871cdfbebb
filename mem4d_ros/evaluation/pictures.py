"""Pictures (H, W, 3) uint8 RGB of what was measured: errors, and time."""

from __future__ import annotations

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mem4d_ros.evaluation.pose import Paths, PoseResult
from mem4d_ros.evaluation.reconstruction import ErrorCloud, ReconstructionResult
from mem4d_ros.evaluation.speed.step import Comparison, StepTimes
from mem4d_ros.evaluation.video_depth import DepthExample, DepthResult
from mem4d_ros.viz import contact_sheet, depth_picture
from mem4d_ros.viz.colour_maps import colour_map
from mem4d_ros.viz.text import label

WORST_RELATIVE = 0.5
"""Relative errors of depth from here on look the same."""
WORST_M = 0.2
"""As do points so far from the truth, metres."""
_SIZE_IN, _DPI = (10.0, 5.0), 100
_MAX_POINTS = 50_000


def depth_error_picture(result: DepthResult, example: DepthExample) -> np.ndarray:
    """The example's image, true depth, aligned depth and its error; the error of all frames.

    Under the first alignment.
    """
    name, alignment = next(iter(result.alignments.items()))
    aligned = alignment.apply(example.predicted)
    with np.errstate(invalid="ignore", divide="ignore"):  # unknown depth has no error
        error = np.where(example.true > 0, np.abs(aligned - example.true) / example.true, np.nan)
    known = example.true[np.isfinite(example.true)]
    near, far = np.percentile(known, (2, 98)) if known.size else (0.0, 1.0)
    shown = colour_map(error, 0.0, WORST_RELATIVE, cv2.COLORMAP_INFERNO)
    maps = contact_sheet(
        [
            (f"{result.name}: image", example.image),
            ("true depth", depth_picture(example.true, (near, far))),
            (f"depth, alignment: {name}", depth_picture(aligned, (near, far))),
            ("relative error", label(shown, f"0 to {100 * WORST_RELATIVE:.0f} %")),
        ],
        columns=2,
        width=480,
    )
    return np.concatenate((maps, _error_over_time(example.abs_rel, maps.shape[1])))


def _error_over_time(abs_rel: np.ndarray, width: int) -> np.ndarray:
    figure = Figure(figsize=(width / _DPI, 2.4), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    axes.plot(abs_rel, "C3", marker="." if len(abs_rel) < 50 else None)
    axes.set_ylim(bottom=0)
    _title(axes, "error over time", "frame", "AbsRel")
    return _drawn(figure)


def trajectory_picture(result: PoseResult, paths: Paths) -> np.ndarray:
    """The path coloured by its error on the true one, from two sides, and the error over time.

    The first is the plane of the true path's largest extent; the other has its third axis.
    """
    figure = Figure(figsize=(15.0, 5.0), dpi=_DPI, layout="constrained")
    *views, along = figure.subplots(1, 3)
    error = np.linalg.norm(paths.aligned - paths.true, axis=-1)
    thin, *wide = np.argsort(np.ptp(paths.true, axis=0))
    for axes, (across, up) in zip(views, (sorted(wide), sorted((thin, wide[1]))), strict=True):
        axes.plot(*paths.true[:, [across, up]].T, "k--", linewidth=1, label="truth")
        shown = axes.scatter(
            *paths.aligned[:, [across, up]].T, s=8, c=error, cmap="plasma", vmin=0, label="found"
        )
        _title(axes, result.name, f"{'xyz'[across]} / m", f"{'xyz'[up]} / m")
        axes.set_aspect("equal", "datalim")
    views[0].legend()
    figure.colorbar(shown, ax=views, label="distance to the truth / m")
    along.plot(error, "C3")
    along.set_ylim(bottom=0)
    _title(along, f"ATE {result.errors.ate_m:.3f} m", "frame", "distance / m")
    return _drawn(figure)


def cloud_error_picture(result: ReconstructionResult, cloud: ErrorCloud) -> np.ndarray:
    """The predicted cloud from the front and from above, coloured by its distance to the truth."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, layout="constrained")
    every = -(-len(cloud.points) // _MAX_POINTS)
    points, distances = cloud.points[::every], cloud.distances[::every]
    views = figure.subplots(1, 2)
    for axes, (across, up), name in zip(
        views, ((0, 1), (0, 2)), ("the front", "above"), strict=True
    ):
        shown = axes.scatter(
            *points[:, [across, up]].T, s=0.5, c=distances, cmap="inferno", vmin=0, vmax=WORST_M
        )
        axes.set_aspect("equal", "datalim")
        _title(axes, f"{result.name}, from {name}", f"{'xyz'[across]} / m", f"{'xyz'[up]} / m")
    views[0].invert_yaxis()  # y points down
    figure.colorbar(shown, ax=views, label="distance to the truth / m")
    return _drawn(figure)


def step_picture(times: StepTimes) -> np.ndarray:
    """The time of each step, and of its stages."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, layout="constrained")
    steps, stages = figure.subplots(1, 2)
    steps.plot(1e3 * np.array(times.seconds), "C0.-")
    steps.axhline(1e3 * times.median_s, color="0.4", linestyle="--")
    steps.set_ylim(bottom=0)
    size = f"{times.width}x{times.height}, {times.precision}, {times.threads} threads"
    _title(steps, f"{size}: {1e3 * times.median_s:.1f} ms", "step", f"{times.clock} time / ms")
    names = list(times.stages_s)
    bars = stages.barh(names, [1e3 * times.stages_s[name] for name in names])
    stages.bar_label(bars, fmt="%.1f", padding=3)
    stages.margins(x=0.15)  # for their labels
    stages.invert_yaxis()  # the first on top
    _title(stages, "stages", "ms", "")
    return _drawn(figure)


def comparison_picture(comparison: Comparison, second: str) -> np.ndarray:
    """The times of both settings' steps, pair by pair; `second` says what the second is."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, layout="constrained")
    pairs, ratios = figure.subplots(1, 2)
    for times, name in zip(zip(*comparison.seconds, strict=True), ("as set", second), strict=True):
        pairs.plot(1e3 * np.array(times), ".-", label=name)
    pairs.set_ylim(bottom=0)
    pairs.legend()
    _title(pairs, "steps in turn", "pair", "ms")
    ratios.hist(comparison.ratios, bins=20)
    ratios.axvline(1, color="0.4", linestyle="--")
    _title(ratios, f"median {np.median(comparison.ratios):.3f}", "second by first", "pairs")
    return _drawn(figure)


def _title(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)


def _drawn(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
