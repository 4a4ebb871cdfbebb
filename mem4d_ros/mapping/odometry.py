"""Visual odometry with a map: locates each frame, and grows the map by keyframes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import ImageTransform, rigid_inverse
from mem4d_ros.mapping.adjustment import Adjuster, AtOnce
from mem4d_ros.mapping.camera_pose import Located, locate, seen_at
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_pixels, to_rays
from mem4d_ros.mapping.relocalisation import relocalise
from mem4d_ros.mapping.rotations import angle_between, half_motion, orthonormal
from mem4d_ros.mapping.tracker import (
    find_corners,
    flow,
    is_inside,
    track,
    whole_shift,
    without_light,
)
from mem4d_ros.mapping.window import make_window, take_in

LANDMARKS = 300
"""So many are seen at once, where there is enough texture."""
SPACING_RATIO = 0.025
"""Least distance between them, by the image's long side."""
BORDER_PX = 4
PIXEL_DEVIATION = 0.5
"""Of the tracking, pixels."""
MAX_SHIFT_RATIO = 0.06
"""A keyframe is due when landmarks have moved so far beside rotation, by the image's long side."""
MAX_FLOW_RATIO = 0.2
MAX_TURN_RAD = 0.2
MIN_KEPT_RATIO = 0.6
LARGEST_VARIANCE = 0.15**2
"""Of the log depth of a landmark that counts as settled."""
SMOOTH_RATIO = 0.9
"""Neighbouring depths whose ratio is smaller belong to two surfaces."""
LARGEST_SCALE_STEP = 0.05
ENOUGH_RATIO = 0.4
"""The tracking looks for a better way where it has found fewer of the landmarks."""
FOUND_RATIO = 0.03
"""Farthest from where it is looked for that a landmark is found, by the image's long side."""
PATIENCE = 5
"""Frames until a camera that is lost gives its map up."""
LEAST_CORNERS = 50
LEAST_RATIOS = 10
LOST_VARIANCE = 0.1
"""By which a frame without a pose adds to the covariance, rad² and m²."""


@dataclass(frozen=True)
class Settled:
    """Landmarks of a frame that are seen and known: pixels (N, 2), depth and deviation in m."""

    pixels: np.ndarray
    depth: np.ndarray
    deviation: np.ndarray


@dataclass(frozen=True)
class Estimate:
    """Where a frame was taken.

    Attributes:
        camera_to_world: (4, 4); the world is the first camera's optical frame.
        covariance: (6, 6): turn about the camera's axes in rad, position in the world in metres.
        measured: whether the frame determined it, or it continues from those before.
    """

    camera_to_world: np.ndarray
    covariance: np.ndarray
    measured: bool


@dataclass(frozen=True)
class Tracks:
    """A frame, and the landmarks seen in it: numbers (n,) and pixels (n, 2)."""

    image: np.ndarray
    numbers: np.ndarray
    pixels: np.ndarray


class Odometry:
    """For each frame first `locate`, then `learn` once its depth is known. Not thread-safe."""

    def __init__(self, adjuster: Adjuster | None = None) -> None:
        """`adjuster` says when bundle adjustments are computed, None: at once."""
        self._adjuster = adjuster or AtOnce()
        self.reset()

    def reset(self) -> None:
        """Forget the map: the next frame begins a new world."""
        self._adjuster.reset()
        self.map = Map()
        self._frame: Tracks | None = None
        self._pose = np.eye(4)
        self._motion = np.eye(4)  # from the newest camera to the one before
        self._covariance = np.zeros((6, 6))
        self._lost = 0

    @property
    def is_empty(self) -> bool:
        """Whether no frame has been learned yet."""
        return not self.map.keyframes

    def locate(self, image: np.ndarray, intrinsics: np.ndarray) -> Estimate:
        """Where the image (H, W) uint8 was taken by a camera (3, 3)."""
        self._take_in_adjusted()
        image = without_light(image)
        if not self.map.keyframes:
            nothing = np.empty(0, np.int64)
            self._frame = Tracks(image, nothing, np.empty((0, 2)))
            return Estimate(self._pose, self._covariance, True)
        found = self._locate_by_tracks(image, intrinsics) or self._locate_anew(image, intrinsics)
        if found is None:
            return self._lose(image)
        tracks, located = found
        self._accept(tracks, located)
        return Estimate(self._pose, self._covariance, True)

    def _locate_by_tracks(
        self, image: np.ndarray, intrinsics: np.ndarray
    ) -> tuple[Tracks, Located] | None:
        """From the frame before, as the motion goes on, or else as the whole image has shifted."""
        frame = self._frame
        assert frame is not None
        if self._lost or not len(frame.numbers):
            return None
        expected = self._pose @ self._motion
        points = self.map.points(frame.numbers, intrinsics).position
        moved = seen_at(points, expected)[0] - seen_at(points, self._pose)[0]
        shift = moved * intrinsics[[0, 1], [0, 1]]
        size = max(image.shape)
        shift[~(np.abs(shift) < size / 3).all(-1)] = 0
        tracks = self._follow(image, frame.pixels + shift)
        found = self._pose_of(tracks, intrinsics, expected)
        if found is not None and len(tracks.numbers) > ENOUGH_RATIO * len(frame.numbers):
            return tracks, found
        turned = self._follow(image, frame.pixels + whole_shift(frame.image, image))
        again = self._pose_of(turned, intrinsics, self._pose)
        if again is not None and (found is None or again.agrees.sum() > found.agrees.sum()):
            return turned, again
        return None if found is None else (tracks, found)

    def _locate_anew(
        self, image: np.ndarray, intrinsics: np.ndarray
    ) -> tuple[Tracks, Located] | None:
        """From the newest keyframe, if the image shows the same, or else from any that does."""
        keyframe = self.map.newest
        guess = keyframe.pixels + whole_shift(keyframe.image, image)
        pixels, seen = track(keyframe.image, image, keyframe.pixels, guess, levels=2)
        tracks = Tracks(image, keyframe.landmarks[seen], pixels[seen])
        found = self._pose_of(tracks, intrinsics, self._pose)
        if found is not None:
            return tracks, found
        start = relocalise(self.map, image, intrinsics)
        if start is None:
            return None
        tracks = Tracks(image, *self._find(self._neighbours(start), image, start, intrinsics))
        found = self._pose_of(tracks, intrinsics, start)
        return None if found is None else (tracks, found)

    def _pose_of(
        self, tracks: Tracks, intrinsics: np.ndarray, expected: np.ndarray
    ) -> Located | None:
        points = self.map.points(tracks.numbers, intrinsics)
        seen = to_rays(tracks.pixels, intrinsics)[:, :2]
        return locate(points, seen, PIXEL_DEVIATION / intrinsics[0, 0], expected)

    def settled(self, intrinsics: np.ndarray) -> Settled:
        """Of the frame located last."""
        assert self._frame is not None
        table, numbers = self.map.landmarks, self._frame.numbers
        known = (table.variance[numbers] < LARGEST_VARIANCE) & (table.hits[numbers] > 2)
        numbers = numbers[known]
        points = self.map.points(numbers, intrinsics)
        depth = seen_at(points.position, self._pose)[1]
        deviation = depth * np.sqrt(table.variance[numbers] + 0.01**2)
        return Settled(self._frame.pixels[known], depth, deviation)

    def depth_scale(
        self, depth: np.ndarray, transform: ImageTransform, intrinsics: np.ndarray
    ) -> float:
        """The map's metres by those of the depth of the frame located last, as `learn` takes it."""
        frame = self._frame
        assert frame is not None
        if self.is_empty:
            return 1.0
        ratio = self._log_ratio(depth, transform, frame.numbers, frame.pixels, intrinsics)
        return float(np.exp(ratio))

    def learn(self, depth: np.ndarray, transform: ImageTransform, intrinsics: np.ndarray) -> None:
        """Take the depth (h, w) of the frame located last into the map, if it is due.

        Args:
            depth: the network's, metres, NaN where unknown, of the image under `transform`.
        """
        if self._lost >= PATIENCE:
            self._begin_anew(depth, transform, intrinsics)
        elif self._lost == 0 and self._is_due(intrinsics):
            self._make_keyframe(depth, transform, intrinsics)

    def _begin_anew(
        self, depth: np.ndarray, transform: ImageTransform, intrinsics: np.ndarray
    ) -> None:
        """A new map, where the camera is thought to be, if there is anything to see."""
        assert self._frame is not None
        image = self._frame.image
        corners = find_corners(image, LANDMARKS, SPACING_RATIO * max(image.shape), np.empty((0, 2)))
        if len(corners) >= LEAST_CORNERS:
            self._adjuster.reset()
            self.map, self._lost = Map(), 0
            self._make_keyframe(depth, transform, intrinsics)

    def _follow(self, image: np.ndarray, guess: np.ndarray) -> Tracks:
        """Landmarks of the frame before in this one, made exact against the newest keyframe.

        `guess` (n, 2) says where they may be.
        """
        frame, keyframe = self._frame, self.map.newest
        assert frame is not None
        near, _ = flow(frame.image, image, frame.pixels, guess)
        seen, order = _indices(keyframe.landmarks, frame.numbers)
        pixels, found = track(keyframe.image, image, keyframe.pixels[order], near[seen], levels=1)
        return Tracks(image, frame.numbers[seen][found], pixels[found])

    def _accept(self, tracks: Tracks, found: Located) -> None:
        self._motion = rigid_inverse(self._pose) @ found.camera_to_world
        self._pose, self._lost = found.camera_to_world, 0
        self._covariance = self.map.newest.covariance + found.covariance
        table = self.map.landmarks
        table.hits[tracks.numbers[found.agrees]] += 1
        table.misses[tracks.numbers[~found.agrees]] += 1
        table.is_alive[tracks.numbers] &= (
            table.misses[tracks.numbers] < 3 + table.hits[tracks.numbers]
        )
        self._frame = Tracks(
            tracks.image, tracks.numbers[found.agrees], tracks.pixels[found.agrees]
        )

    def _lose(self, image: np.ndarray) -> Estimate:
        self._lost += 1
        self._motion = half_motion(self._motion)
        self._pose = self._pose @ self._motion
        self._frame = Tracks(image, np.empty(0, np.int64), np.empty((0, 2)))
        self._covariance = self._covariance + LOST_VARIANCE * np.eye(6)
        return Estimate(self._pose, self._covariance, False)

    def _is_due(self, intrinsics: np.ndarray) -> bool:
        if not self.map.keyframes:
            return True
        keyframe, frame = self.map.newest, self._frame
        assert frame is not None
        if len(frame.numbers) < MIN_KEPT_RATIO * len(keyframe.landmarks):
            return True
        turn = keyframe.camera_to_world[:3, :3].T @ self._pose[:3, :3]
        if angle_between(np.eye(3), turn) > MAX_TURN_RAD:
            return True
        seen, order = _indices(keyframe.landmarks, frame.numbers)
        before = to_rays(keyframe.pixels[order], intrinsics) @ turn
        before = to_pixels(before[:, :2] / before[:, 2:], intrinsics)
        shift = np.linalg.norm(frame.pixels[seen] - before, axis=-1)
        moved = np.linalg.norm(frame.pixels[seen] - keyframe.pixels[order], axis=-1)
        size = max(frame.image.shape)
        return bool(
            np.median(shift) > MAX_SHIFT_RATIO * size or np.median(moved) > MAX_FLOW_RATIO * size
        )

    def _make_keyframe(
        self, depth: np.ndarray, transform: ImageTransform, intrinsics: np.ndarray
    ) -> None:
        frame, table = self._frame, self.map.landmarks
        assert frame is not None
        alive = table.is_alive[frame.numbers]
        numbers, pixels = frame.numbers[alive], frame.pixels[alive]
        again, again_at = self._find(
            self._neighbours(self._pose), frame.image, self._pose, intrinsics, taken=numbers
        )
        numbers, pixels = np.concatenate((numbers, again)), np.concatenate((pixels, again_at))
        number = max(self.map.keyframes, default=-1) + 1
        log_scale = self._scale(depth, transform, numbers, pixels, intrinsics)
        image = frame.image
        corners = find_corners(
            image, LANDMARKS - len(numbers), SPACING_RATIO * max(image.shape), pixels
        )
        corners = corners[is_inside(corners, image.shape, BORDER_PX)]
        log_prior = np.log(depth_at(depth, transform.to_model(corners)))
        typical = np.log(np.nanmedian(depth))
        log_depth = log_scale + np.where(np.isfinite(log_prior), log_prior, typical)
        new = table.add(number, corners, log_depth, log_prior)
        numbers, pixels = np.concatenate((numbers, new)), np.concatenate((pixels, corners))
        self.map.keyframes[number] = Keyframe(
            number, image, self._pose.copy(), log_scale, numbers, pixels, self._covariance
        )
        self._adjust(intrinsics)
        newest = self.map.newest
        self._frame = Tracks(frame.image, newest.landmarks, newest.pixels)

    def _scale(
        self,
        depth: np.ndarray,
        transform: ImageTransform,
        numbers: np.ndarray,
        pixels: np.ndarray,
        intrinsics: np.ndarray,
    ) -> float:
        """Log of the map's metres by the network's in this frame, near that of the one before."""
        if not self.map.keyframes:
            return 0.0
        before = self.map.newest.log_scale
        step = self._log_ratio(depth, transform, numbers, pixels, intrinsics) - before
        return before + float(np.clip(step, -LARGEST_SCALE_STEP, LARGEST_SCALE_STEP))

    def _log_ratio(
        self,
        depth: np.ndarray,
        transform: ImageTransform,
        numbers: np.ndarray,
        pixels: np.ndarray,
        intrinsics: np.ndarray,
    ) -> float:
        """Median of the log of landmarks' depth by the network's, both as this frame sees them."""
        known = self.map.landmarks.variance[numbers] < LARGEST_VARIANCE
        points = self.map.points(numbers[known], intrinsics).position
        own = seen_at(points, self._pose)[1]
        said = depth_at(depth, transform.to_model(pixels[known]))
        with np.errstate(invalid="ignore"):
            ratio = np.log(own / said)
        ratio = ratio[np.isfinite(ratio)]
        return float(np.median(ratio)) if len(ratio) >= LEAST_RATIOS else self.map.newest.log_scale

    def _find(
        self,
        keyframes: Sequence[Keyframe],
        image: np.ndarray,
        pose: np.ndarray,
        intrinsics: np.ndarray,
        taken: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Landmarks (n,) of keyframes, but for those taken, in an image from near a pose; pixels."""
        table, size = self.map.landmarks, max(image.shape)
        numbers = np.empty(0, np.int64) if taken is None else taken
        begin, pixels = len(numbers), []
        for keyframe in keyframes:
            new = table.is_alive[keyframe.landmarks] & ~np.isin(keyframe.landmarks, numbers)
            new &= table.variance[keyframe.landmarks] < LARGEST_VARIANCE
            wanted, source = keyframe.landmarks[new], keyframe.pixels[new]
            points = self.map.points(wanted, intrinsics).position
            guess = to_pixels(seen_at(points, pose)[0], intrinsics)
            inside = is_inside(guess, image.shape, BORDER_PX)
            wanted, source, guess = wanted[inside], source[inside], guess[inside]
            there, seen = track(keyframe.image, image, source, guess, levels=1)
            seen &= np.linalg.norm(there - guess, axis=-1) < FOUND_RATIO * size
            numbers = np.concatenate((numbers, wanted[seen]))
            pixels.append(there[seen])
        return numbers[begin:], np.concatenate([np.empty((0, 2)), *pixels])

    def _neighbours(self, pose: np.ndarray) -> list[Keyframe]:
        """Keyframes that look at about the same from about the same place, nearest first."""
        table = self.map.landmarks
        near = []
        for keyframe in self.map.keyframes.values():
            turn = angle_between(keyframe.camera_to_world[:3, :3], pose[:3, :3])
            way = float(np.linalg.norm(keyframe.camera_to_world[:3, 3] - pose[:3, 3]))
            if not len(keyframe.landmarks):
                continue
            typical = float(np.exp(-np.median(table.log_inverse[keyframe.landmarks])))
            if turn < 0.5 and way < 0.5 * typical:
                near.append((way / typical + turn, keyframe))
        near.sort(key=lambda pair: pair[0])
        return [keyframe for _, keyframe in near[:5]]

    def _adjust(self, intrinsics: np.ndarray) -> None:
        window = make_window(self.map, intrinsics, PIXEL_DEVIATION)
        if window is not None:
            self._adjuster.submit(window)
            self._take_in_adjusted()

    def _take_in_adjusted(self) -> None:
        solved = self._adjuster.collect()
        if solved is not None:
            motion = take_in(self.map, *solved)
            self._pose = motion @ self._pose
            self._pose[:3, :3] = orthonormal(self._pose[:3, :3])


def _indices(numbers: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of `wanted` (n,) are among `numbers` (N,), (n,) bool, and where, (m,) indices."""
    if not len(numbers):
        return np.zeros(len(wanted), bool), np.empty(0, np.int64)
    order = np.argsort(numbers)
    place = np.searchsorted(numbers[order], wanted).clip(0, len(numbers) - 1)
    there = numbers[order][place] == wanted
    return there, order[place[there]]


def depth_at(depth: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Depth (N,) at pixels (N, 2) of a depth image (H, W); NaN outside, at edges, beside NaN."""
    height, width = depth.shape
    columns, rows = np.rint(pixels).astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    offsets = np.arange(-1, 2)
    near = depth[
        (rows[:, None, None] + offsets[:, None]).clip(0, height - 1),
        (columns[:, None, None] + offsets).clip(0, width - 1),
    ]
    with np.errstate(invalid="ignore"):
        smooth = near.min((1, 2)) > SMOOTH_RATIO * near.max((1, 2))
    return np.where(smooth & inside, near[:, 1, 1], np.nan).astype(np.float64)
