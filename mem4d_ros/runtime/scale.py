"""Metric scale of the reconstruction."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from mem4d_ros.geometry import rigid_inverse, robust_deviation
from mem4d_ros.mapping import Correction, moved_pose, of_all, scale_of
from mem4d_ros.runtime.points import move_points
from mem4d_ros.runtime.reconstruction import Reconstruction

GIVEN_SOURCES, LEARNED_SOURCES = ("model", "fixed"), ("odometry", "points")
SOURCES = (*GIVEN_SOURCES, *LEARNED_SOURCES)

MEDIAN_EFFICIENCY = 1.2533
"""Standard error of a median by that of a mean."""
LARGEST_RATIO = 20.0
"""A larger scale, or the inverse of a smaller one, is lost tracking or a wheel that spins."""


@dataclass(frozen=True)
class ScaleEstimate:
    """Metres by units, and the relative standard error of that: inf while nothing is known."""

    value: float
    deviation: float


class ScaleSource(Protocol):
    """Source of the scale."""

    @property
    def estimate(self) -> ScaleEstimate:
        """The current estimate."""
        ...

    def observe(
        self, camera_to_world: np.ndarray, odom_from_camera: np.ndarray | None, keyframe: int
    ) -> None:
        """Take in the own pose (4, 4) and the external one (4, 4) of the same camera and time.

        None says that there is no external pose, or that the own one is not measured. The own one
        hangs on that keyframe.
        """
        ...

    def correct(self, correction: Correction) -> None:
        """The own world has moved, by which its metres may have changed."""
        ...

    def reset(self) -> None:
        """The own poses begin a new world."""
        ...


class FixedScale:
    """A scale that is given; 1 takes the network's units for metres."""

    def __init__(self, value: float = 1.0) -> None:
        """Raises ValueError unless `value` is positive and finite."""
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"scale {value} is not a positive number")
        self._estimate = ScaleEstimate(value, 0.0)

    @property
    def estimate(self) -> ScaleEstimate:
        return self._estimate

    def observe(
        self, camera_to_world: np.ndarray, odom_from_camera: np.ndarray | None, keyframe: int
    ) -> None:
        """Nothing is learned."""

    def correct(self, correction: Correction) -> None:
        """The value stays."""

    def reset(self) -> None:
        """Nothing is remembered."""


class OdometryScale:
    """The ratio of external to own motion, in steps that do not overlap.

    Each step is as long as it takes the external odometry to get `step_m` ahead, so that noise is
    small beside it and standing still says nothing. The estimate is the median ratio of the last
    `window` steps, which a third of wrong ones do not move far, smoothed.
    """

    def __init__(
        self, step_m: float = 0.1, window: int = 30, least: int = 5, smoothing: float = 0.3
    ) -> None:
        """`least`: minimum steps for a first estimate; `smoothing`: weight of a new one."""
        self._step_m = step_m
        self._least = least
        self._smoothing = smoothing
        self._window = window
        self._logs: list[float] = []
        self._keyframes: list[int] = []  # on which the steps hang
        self._smoothed: float | None = None  # log
        self._anchor: tuple[np.ndarray, np.ndarray] | None = None  # where the step began

    @property
    def estimate(self) -> ScaleEstimate:
        """1 with infinite deviation before there are enough steps."""
        if self._smoothed is None:
            return ScaleEstimate(1.0, math.inf)
        spread = robust_deviation(np.array(self._logs) - self._smoothed)
        error = MEDIAN_EFFICIENCY * spread / math.sqrt(len(self._logs))
        return ScaleEstimate(math.exp(self._smoothed), error)

    def observe(
        self,
        camera_to_world: np.ndarray,
        odom_from_camera: np.ndarray | None,
        keyframe: int = 0,
    ) -> None:
        """Take a pair of poses in; see ScaleSource."""
        if odom_from_camera is None:
            self._anchor = None
            return
        own, external = camera_to_world[:3, 3], odom_from_camera[:3, 3]
        if self._anchor is None:
            self._anchor = own, external
            return
        own_distance = float(np.linalg.norm(own - self._anchor[0]))
        external_distance = float(np.linalg.norm(external - self._anchor[1]))
        if external_distance < self._step_m:
            return
        self._anchor = own, external
        if external_distance / LARGEST_RATIO < own_distance < external_distance * LARGEST_RATIO:
            self._learn(math.log(external_distance / own_distance), keyframe)

    def correct(self, correction: Correction) -> None:
        """Steps have become longer or shorter with their keyframes."""
        self._anchor = None  # a jump is no motion
        if not self._logs:
            return
        grown = np.log(scale_of(correction.of(np.array(self._keyframes))))
        self._logs = (np.array(self._logs) - grown).tolist()
        if self._smoothed is not None:
            self._smoothed = float(np.median(self._logs))

    def reset(self) -> None:
        """Forget the last pair; the scale itself is the network's and stays."""
        self._anchor = None

    def _learn(self, log_ratio: float, keyframe: int) -> None:
        self._logs = [*self._logs, log_ratio][-self._window :]
        self._keyframes = [*self._keyframes, keyframe][-self._window :]
        if len(self._logs) < self._least:
            return
        median = float(np.median(self._logs))
        if self._smoothed is None:
            self._smoothed = median
        self._smoothed += self._smoothing * (median - self._smoothed)


class PointScale:
    """The ratio of measured to own depth, of the median point, in the median of the last frames.

    Nothing is learned of poses.
    """

    def __init__(self, window: int = 15, least: int = 3, least_points: int = 10) -> None:
        """`least`: frames for a first estimate, each with at least `least_points`."""
        self._least = least
        self._least_points = least_points
        self._logs: deque[float] = deque(maxlen=window)

    @property
    def estimate(self) -> ScaleEstimate:
        """1 with infinite deviation before there are enough frames."""
        if len(self._logs) < self._least:
            return ScaleEstimate(1.0, math.inf)
        median = float(np.median(self._logs))
        spread = robust_deviation(np.array(self._logs) - median)
        error = MEDIAN_EFFICIENCY * spread / math.sqrt(len(self._logs))
        return ScaleEstimate(math.exp(median), error)

    def compare(self, measured: np.ndarray, own: np.ndarray) -> None:
        """Learn of one frame from depths (N,) at the same pixels; NaN and 0 are no depths."""
        known = (measured > 0) & (own > 0)
        if known.sum() < self._least_points:
            return
        log_ratio = float(np.median(np.log(measured[known] / own[known])))
        if abs(log_ratio) < math.log(LARGEST_RATIO):
            self._logs.append(log_ratio)

    def observe(
        self, camera_to_world: np.ndarray, odom_from_camera: np.ndarray | None, keyframe: int
    ) -> None:
        """Nothing is learned."""

    def correct(self, correction: Correction) -> None:
        """The next frames say."""

    def reset(self) -> None:
        """Nothing is kept of poses."""

    def forget(self) -> None:
        """Forget all: a new world has metres of its own."""
        self._logs.clear()


class MetricWorld:
    """Reconstructions in metres, in one world although the scale changes over time.

    Each motion from frame to frame is scaled by what is known at that time: a better scale does not
    make the camera jump. Under a constant scale the whole world is scaled. Not thread-safe.
    """

    def __init__(self) -> None:
        self._last: tuple[np.ndarray, np.ndarray] | None = None  # own and metric pose
        self._keyframe = 0  # that these hang on
        self._scale = 1.0  # between them
        self._grows_by: float | None = None  # what the next frame has to tell

    def grow(self, factor: float) -> None:
        """Make all so far as many times as long, about the origin of the world.

        For a world whose metre was not known. The next frame's correction tells of it.
        """
        if self._last is None:
            return
        own, metric = self._last
        self._last = own, moved_pose(_growth(factor), metric)
        self._scale *= factor
        self._grows_by = factor

    def scale(self, reconstruction: Reconstruction, scale: float) -> Reconstruction:
        """The next frame in metres. One with `frame_index` 0 starts a new world."""
        own = reconstruction.camera_to_world
        if reconstruction.correction is not None and self._last is not None:
            reconstruction = self._move(reconstruction, reconstruction.correction)
        if self._last is None or reconstruction.frame_index == 0:
            self._grows_by = None
            metric = _scaled(own, scale)
        else:
            last_own, last_metric = self._last
            metric = last_metric @ _scaled(rigid_inverse(last_own) @ own, scale)
        self._last, self._keyframe, self._scale = (own, metric), reconstruction.keyframe, scale
        if self._grows_by is not None:
            growth, correction = _growth(self._grows_by), reconstruction.correction
            correction = of_all(growth) if correction is None else correction.after(growth)
            reconstruction = replace(reconstruction, correction=correction)
            self._grows_by = None
        factor = np.float32(scale)
        return replace(
            reconstruction,
            points_world=move_points(
                metric_from_own(own, metric, scale), reconstruction.points_world
            ),
            points_camera=reconstruction.points_camera * factor,
            depth=reconstruction.depth * factor,
            camera_to_world=metric,
            pose_covariance=_scaled_covariance(reconstruction.pose_covariance, scale),
        )

    def _move(self, reconstruction: Reconstruction, correction: Correction) -> Reconstruction:
        """Move the last poses; the reconstruction's correction becomes one of the metric world."""
        assert self._last is not None
        own, metric = self._last
        in_metres = correction.seen_from(metric_from_own(own, metric, self._scale))
        last = np.array([self._keyframe])
        self._last = (
            moved_pose(correction.of(last)[0], own),
            moved_pose(in_metres.of(last)[0], metric),
        )
        return replace(reconstruction, correction=in_metres)


def metric_from_own(own: np.ndarray, metric: np.ndarray, scale: float) -> np.ndarray:
    """The similarity (4, 4) that moves the own world to metres, by a camera's pose in both."""
    return metric @ _growth(scale) @ rigid_inverse(own)


def _growth(factor: float) -> np.ndarray:
    return np.diag((factor, factor, factor, 1.0))


def _scaled_covariance(covariance: np.ndarray | None, scale: float) -> np.ndarray | None:
    """Of turns and positions (6, 6), positions scaled."""
    factors = np.repeat((1.0, scale), 3)
    return None if covariance is None else covariance * np.outer(factors, factors)


def _scaled(motion: np.ndarray, scale: float) -> np.ndarray:
    """The rigid motion (4, 4) with its translation scaled."""
    scaled = motion.copy()
    scaled[:3, 3] *= scale
    return scaled
