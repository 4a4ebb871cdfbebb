"""Error maps: pictures (H, W, 3) uint8 RGB of what was measured."""

from __future__ import annotations

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mem4d_ros.evaluation.pose import Paths, PoseResult
from mem4d_ros.evaluation.reconstruction import ErrorCloud, ReconstructionResult
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
    """The example's image, true depth, aligned depth, and its error, under the first alignment."""
    name, alignment = next(iter(result.alignments.items()))
    aligned = alignment.apply(example.predicted)
    with np.errstate(invalid="ignore", divide="ignore"):  # unknown depth has no error
        error = np.where(example.true > 0, np.abs(aligned - example.true) / example.true, np.nan)
    known = example.true[np.isfinite(example.true)]
    near, far = np.percentile(known, (2, 98)) if known.size else (0.0, 1.0)
    shown = colour_map(error, 0.0, WORST_RELATIVE, cv2.COLORMAP_INFERNO)
    return contact_sheet(
        [
            (f"{result.name}: image", example.image),
            ("true depth", depth_picture(example.true, (near, far))),
            (f"depth, alignment: {name}", depth_picture(aligned, (near, far))),
            ("relative error", label(shown, f"0 to {100 * WORST_RELATIVE:.0f} %")),
        ],
        columns=2,
        width=480,
    )


def trajectory_picture(result: PoseResult, paths: Paths) -> np.ndarray:
    """Both paths in the plane of largest extent of the true one, and the error along it."""
    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, layout="constrained")
    path, along = figure.subplots(1, 2)
    widest = np.sort(np.argsort(np.ptp(paths.true, axis=0))[1:])
    for positions, name, style in ((paths.true, "truth", "k--"), (paths.aligned, "found", "C0")):
        path.plot(*positions[:, widest].T, style, label=name)
    _title(path, result.name, *(f"{'xyz'[axis]} / m" for axis in widest))
    path.set_aspect("equal", "datalim")
    path.legend()
    along.plot(np.linalg.norm(paths.aligned - paths.true, axis=-1), "C3")
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


def _title(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)


def _drawn(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
