"""Visual odometry with a map: locates each frame, and grows the map by keyframes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.adjustment import AtOnce, Worker
from mem4d_ros.mapping.correction import Correction, moved_covariance, scale_of
from mem4d_ros.mapping.external_pose import ExternalPose
from mem4d_ros.mapping.fresh_landmarks import measure_depth
from mem4d_ros.mapping.growth import (
    add_keyframe,
    is_due,
    log_ratio,
    new_corners,
    next_log_scale,
)
from mem4d_ros.mapping.keyframes import DenseView, Map
from mem4d_ros.mapping.locating import (
    PIXEL_DEVIATION,
    Found,
    locate_after_wide_step,
    locate_anew,
    locate_next,
)
from mem4d_ros.mapping.loops import Loops, close
from mem4d_ros.mapping.motion import CameraMotion
from mem4d_ros.mapping.pieces import Pieces, completed, grow, put_together
from mem4d_ros.mapping.settled import Settled, settled_of
from mem4d_ros.mapping.thinning import thin
from mem4d_ros.mapping.tracker import without_light
from mem4d_ros.mapping.tracks import Tracks, neighbours
from mem4d_ros.mapping.window import (
    CORRELATION,
    Adjusted,
    adjusted,
    carried,
    make_window,
    take_in,
)

PATIENCE = 8
"""Frames that show something, but nothing known, until a new piece of the map begins."""
LEAST_CORNERS = 50
"""An image with fewer shows nothing."""


@dataclass(frozen=True)
class Estimate:
    """Where a frame was taken.

    Attributes:
        camera_to_world: (4, 4); the world is the first camera's optical frame.
        covariance: (6, 6): turn about the camera's axes in rad, position in the world in metres.
        measured: whether the frame determined it, or it continues from those before.
        keyframe: number of the newest keyframe, on which the frame hangs.
        correction: how the world has moved since the frame before; None: not at all.
        placed: whether the camera has a place in the world at all; without one, the pose means
            nothing, as in a map in which it has not been recognised yet.
    """

    camera_to_world: np.ndarray
    covariance: np.ndarray
    measured: bool
    keyframe: int = 0
    correction: Correction | None = None
    placed: bool = True


class Odometry:
    """For each frame first `locate`, then `learn` once its depth is known. Not thread-safe."""

    def __init__(self, worker: Callable[[], Worker] = AtOnce, closes_loops: bool = True) -> None:
        """`worker` makes those that adjust the map and look for loops: at once, or beside."""
        self._adjuster: Worker[Adjusted] = worker()
        self._loops = Loops(worker()) if closes_loops else None
        self.reset()

    def reset(self) -> None:
        """Forget the map and its pieces: the next frame begins a new world."""
        self._start(Map())

    def begin_in(self, world: Map) -> None:
        """Go on in a map that is known; where in it, the next frames must show."""
        self._start(world)
        world.enter(world.next_number)
        self._motion = CameraMotion(is_placed=False)

    def _start(self, world: Map) -> None:
        self._use(world)
        self._pieces = Pieces()
        self._frame: Tracks | None = None
        self._motion = CameraMotion()
        self._seen_covariance = np.zeros((6, 6))  # of the frame located last
        self._strange_frames = 0
        self._correction: Correction | None = None  # that no frame has been learned with yet

    @property
    def _pose(self) -> np.ndarray:
        return self._motion.pose

    @property
    def _covariance(self) -> np.ndarray:
        return self._seen_covariance + self._motion.unseen_covariance()

    @property
    def pieces(self) -> Pieces:
        """Maps of before that the camera has not been seen to come from, or to come back to."""
        return self._pieces

    @property
    def is_empty(self) -> bool:
        """Whether no frame has been learned yet."""
        return not self.map.keyframes

    def locate(
        self, image: np.ndarray, intrinsics: np.ndarray, told: ExternalPose | None = None
    ) -> Estimate:
        """Where the image (H, W) uint8 was taken by a camera (3, 3).

        Args:
            told: what another odometry says of that.
        """
        self._motion = self._motion.hearing(told)  # in the metres of before what follows
        self._take_in_adjusted()
        self._close_loop()
        image = without_light(image)
        if self.is_empty:
            self._frame = Tracks.none(image)
            self._motion = self._motion.located(self._pose)
            return Estimate(self._pose, self._covariance, True)
        found = self._find(image, intrinsics)
        if found is None:
            self._lose(image)
        else:
            self._accept(measure_depth(self.map, found, intrinsics))
        return Estimate(
            self._pose,
            self._covariance,
            found is not None,
            self.map.newest.number,
            self._correction,
            self._motion.is_placed,
        )

    def settled(self, intrinsics: np.ndarray) -> Settled:
        """Landmarks of the frame located last."""
        return settled_of(self.map, self._located(), self._pose, intrinsics)

    def depth_scale(self, dense: DenseView, intrinsics: np.ndarray) -> float:
        """The map's metres by those of the depth of the frame located last."""
        if self.is_empty:
            return 1.0
        frame = self._located()
        otherwise = self.map.log_own_metre
        return float(np.exp(log_ratio(self.map, frame, self._pose, dense, intrinsics, otherwise)))

    def is_due(self, intrinsics: np.ndarray) -> bool:
        """Whether the frame located last will be a keyframe."""
        if self.is_empty or self._motion.is_lost:
            return self.is_empty or self._is_given_up()
        return is_due(self.map, self._located(), self._pose, intrinsics)

    def learn(
        self, dense: DenseView, intrinsics: np.ndarray, place: np.ndarray | None = None
    ) -> None:
        """Take the frame located last, with its depth, into the map, if it is due.

        Args:
            place: (C,) of length 1, what tells the place from others; without it no loop is found.
        """
        self._correction = None
        if self.is_empty:
            self._add_keyframe(dense, intrinsics, 0.0, place)
        elif self._is_given_up():
            self._set_aside(Map(drift=deepcopy(self.map.drift)))
            self._seen_covariance = self._covariance
            self._motion, self._strange_frames = self._motion.standing(), 0
            self._add_keyframe(dense, intrinsics, 0.0, place)
        elif self.is_due(intrinsics):
            log_scale = next_log_scale(self.map, self._located(), self._pose, dense, intrinsics)
            self._add_keyframe(dense, intrinsics, log_scale, place)

    def grow(self, scale: float) -> Correction:
        """Between frames, make the world so many times as large; what is in work is forgotten."""
        self._use(self.map)
        grown = grow((self.map, *self._pieces), scale)
        motion = grown.motions[0]
        self._motion = self._motion.moved(motion)
        self._seen_covariance = moved_covariance(motion, self._seen_covariance)
        return grown

    def _set_aside(self, world: Map) -> None:
        """Go on in another map, and keep the one until now."""
        self.map.leave()
        world.enter(self.map.next_number)
        self._pieces = self._pieces.without(world).with_map(self.map)
        self._use(world)

    def _use(self, world: Map) -> None:
        self._adjuster.reset()
        if self._loops is not None:
            self._loops.reset()
        self.map = world

    def _is_given_up(self) -> bool:
        """Whether nothing of the map was seen for so long that a new piece begins."""
        return self._strange_frames >= PATIENCE and self._motion.is_placed

    def _located(self) -> Tracks:
        assert self._frame is not None, "no frame has been located"
        return self._frame

    def _find(self, image: np.ndarray, intrinsics: np.ndarray) -> Found | None:
        if not self._motion.is_lost:
            reference = Tracks.of(self.map.newest)
            found = locate_next(
                self.map, reference, self._located(), image, intrinsics, self._motion
            )
            if found is not None:
                return found
        return (
            locate_anew(self.map, image, intrinsics, self._motion)
            or locate_after_wide_step(self.map, image, intrinsics)
            or self._find_elsewhere(image, intrinsics)
        )

    def _find_elsewhere(self, image: np.ndarray, intrinsics: np.ndarray) -> Found | None:
        """In a piece that was set aside, in which the camera then goes on."""
        if not self._pieces.maps or not _shows_something(image):
            return None
        recognised = self._pieces.recognise(image, intrinsics)
        if recognised is None:
            return None
        piece, found = recognised
        if self._correction is None and self._motion.is_foreseen:
            found = self._put_together(piece, found)
        self._set_aside(piece)
        self._motion = self._motion.elsewhere()
        return found

    def _put_together(self, piece: Map, found: Found) -> Found:
        """Where the camera enters a piece is where it should be by now in the one it leaves."""
        located = found.located
        motion = located.camera_to_world @ rigid_inverse(self._motion.expected)
        correction = put_together(self.map, piece, motion)
        of_piece = correction.of(np.array([piece.newest.number]))[0]
        self._correction = completed(correction, (self.map, *self._pieces))
        located = replace(
            located,
            camera_to_world=of_piece @ located.camera_to_world,
            covariance=moved_covariance(of_piece, located.covariance),
        )
        return replace(found, located=located)

    def _accept(self, found: Found) -> None:
        located, tracks = found.located, found.tracks
        pose, holding = located.camera_to_world, self.map.newest
        if self._motion.is_lost:
            holding = next(iter(neighbours(self.map, self.map.keyframes.values(), pose)), holding)
        self._motion, self._strange_frames = self._motion.located(pose), 0
        self._seen_covariance = carried(holding, pose) + CORRELATION * located.covariance
        self._frame = tracks[located.agrees]
        self.map.landmarks.count(tracks.numbers, located.agrees)

    def _lose(self, image: np.ndarray) -> None:
        self._motion = self._motion.not_located()
        self._frame = Tracks.none(image)
        self._strange_frames += _shows_something(image)

    def _add_keyframe(
        self,
        dense: DenseView,
        intrinsics: np.ndarray,
        log_scale: float,
        place: np.ndarray | None,
    ) -> None:
        add_keyframe(
            self.map,
            self._located(),
            self._pose,
            self._covariance,
            dense,
            intrinsics,
            log_scale,
            place,
            self._motion.told_seen,
        )
        self._thin(intrinsics)
        window = make_window(self.map, intrinsics, PIXEL_DEVIATION)
        if window is not None:
            self._adjuster.submit(partial(adjusted, window))
            self._take_in_adjusted()
        if self._loops is not None:
            self._loops.look(self.map, self._pieces, intrinsics)
        self._frame = Tracks.of(self.map.newest)

    def _thin(self, intrinsics: np.ndarray) -> None:
        """Bound the map; what is in work knows old numbers of landmarks, and is lost."""
        if thin(self.map, intrinsics):
            self._adjuster.reset()
            if self._loops is not None:
                self._loops.reset()

    def _take_in_adjusted(self) -> None:
        solved = self._adjuster.collect()
        if solved is not None:
            self._motion = self._motion.moved(take_in(self.map, solved))

    def _close_loop(self) -> None:
        """Move the world, if a loop was found; an adjustment in work is of the world before."""
        loop = None if self._loops is None else self._loops.collect()
        if loop is None:
            return
        self._adjuster.reset()
        piece = self._pieces.of_keyframe(loop.links[-1].old)
        if piece is not None:
            self._pieces = self._pieces.without(piece)
        self.map = close(self.map, loop, piece)
        self._correction = completed(loop.correction, (self.map, *self._pieces))
        motion = loop.correction.of(np.array([self.map.newest.number]))[0]
        self._motion = self._motion.moved(motion)
        if piece is None:
            self.map.drift.rescale(float(np.log(scale_of(motion))))


def _shows_something(image: np.ndarray) -> bool:
    return len(new_corners(image, np.empty((0, 2)))) >= LEAST_CORNERS
