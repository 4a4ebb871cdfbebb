"""A frame and the landmarks seen in it: followed from the frame before, found again from afar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.mapping.camera_pose import seen_at
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_pixels, to_rays
from mem4d_ros.mapping.landmarks import SETTLED_VARIANCE
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.mapping.tracker import flow, is_inside, track

BORDER_PX = 4
FOUND_RATIO = 0.03
"""Farthest from where it is looked for that a landmark is found, by the image's long side."""
RECENT = 15
"""So many of the newest keyframes belong together, whatever they see."""
LEAST_SHARED = 8
"""Landmarks by which an older one is connected with the newest."""
NEIGHBOURS = 5
"""Keyframes in which landmarks are looked for again."""
NEIGHBOUR_TURN_RAD, NEIGHBOUR_WAY = 0.5, 0.5
"""Farthest that a neighbour is turned, and away, by the distance of what it sees."""


@dataclass(frozen=True)
class Tracks:
    """A frame, and the landmarks seen in it: numbers (n,) and pixels (n, 2)."""

    image: np.ndarray
    numbers: np.ndarray
    pixels: np.ndarray

    @staticmethod
    def none(image: np.ndarray) -> Tracks:
        """Of a frame in which nothing is known."""
        return Tracks(image, np.empty(0, np.int64), np.empty((0, 2)))

    @staticmethod
    def of(keyframe: Keyframe) -> Tracks:
        """Of a keyframe."""
        return Tracks(keyframe.image, keyframe.landmarks, keyframe.pixels)

    def joined(self, others: Tracks) -> Tracks:
        """With other landmarks of the same frame."""
        numbers = np.concatenate((self.numbers, others.numbers))
        return Tracks(self.image, numbers, np.concatenate((self.pixels, others.pixels)))

    def rays(self, intrinsics: np.ndarray) -> np.ndarray:
        """(n, 2), where each is seen: x and y at a depth of 1."""
        seen: np.ndarray = to_rays(self.pixels, intrinsics)[:, :2]
        return seen

    def __getitem__(self, which: np.ndarray) -> Tracks:
        return Tracks(self.image, self.numbers[which], self.pixels[which])


def follow(reference: Tracks, frame: Tracks, image: np.ndarray, guess: np.ndarray) -> Tracks:
    """Landmarks of the frame before in an image, made exact against an earlier frame.

    Args:
        guess: (n, 2), where they may be.
    """
    near, _ = flow(frame.image, image, frame.pixels, guess)
    seen, order = indices(reference.numbers, frame.numbers)
    pixels, found = track(reference.image, image, reference.pixels[order], near[seen], levels=1)
    return Tracks(image, frame.numbers[seen][found], pixels[found])


def follow_from(keyframe: Keyframe, image: np.ndarray, guess: np.ndarray) -> Tracks:
    """Landmarks of a keyframe in an image, from where they may be, (n, 2) pixels."""
    pixels, seen = track(keyframe.image, image, keyframe.pixels, guess, levels=2)
    return Tracks(image, keyframe.landmarks[seen], pixels[seen])


def find_again(
    world: Map,
    among: Iterable[Keyframe],
    image: np.ndarray,
    pose: np.ndarray,
    intrinsics: np.ndarray,
    taken: np.ndarray,
) -> Tracks:
    """Settled landmarks, but for those `taken` (n,), in an image from a pose (4, 4).

    Args:
        among: keyframes; those near the pose are looked at.
    """
    table, size, begin = world.landmarks, max(image.shape), len(taken)
    numbers, pixels = taken, [np.empty((0, 2))]
    for keyframe in neighbours(world, among, pose):
        new = table.is_alive[keyframe.landmarks] & ~np.isin(keyframe.landmarks, numbers)
        new &= table.variance[keyframe.landmarks] < SETTLED_VARIANCE
        wanted, source = keyframe.landmarks[new], keyframe.pixels[new]
        points = world.points(wanted, intrinsics).position
        guess = to_pixels(seen_at(points, pose)[0], intrinsics)
        inside = is_inside(guess, image.shape, BORDER_PX)
        wanted, source, guess = wanted[inside], source[inside], guess[inside]
        there, seen = track(keyframe.image, image, source, guess, levels=1)
        seen &= np.linalg.norm(there - guess, axis=-1) < FOUND_RATIO * size
        numbers = np.concatenate((numbers, wanted[seen]))
        pixels.append(there[seen])
    return Tracks(image, numbers[begin:], np.concatenate(pixels))


def neighbours(world: Map, among: Iterable[Keyframe], pose: np.ndarray) -> Sequence[Keyframe]:
    """Keyframes that look at about the same from about the same place, nearest first."""
    near = []
    for keyframe in among:
        if not len(keyframe.landmarks):
            continue
        typical = float(np.exp(-np.median(world.landmarks.log_inverse[keyframe.landmarks])))
        turn = angle_between(keyframe.camera_to_world[:3, :3], pose[:3, :3])
        way = float(np.linalg.norm(keyframe.camera_to_world[:3, 3] - pose[:3, 3])) / typical
        if turn < NEIGHBOUR_TURN_RAD and way < NEIGHBOUR_WAY:
            near.append((way + turn, keyframe))
    near.sort(key=lambda pair: pair[0])
    return [keyframe for _, keyframe in near[:NEIGHBOURS]]


def connected(world: Map) -> list[Keyframe]:
    """The newest keyframes, and those that see what the newest one sees.

    Others may be near as well, but by how much the map has drifted since is for a loop to say.
    """
    if not world.keyframes:
        return []
    is_seen = np.zeros(len(world.landmarks), bool)
    is_seen[world.newest.landmarks] = True
    numbers = sorted(world.keyframes)
    old = [world.keyframes[n] for n in numbers[:-RECENT]]
    met = [keyframe for keyframe in old if is_seen[keyframe.landmarks].sum() >= LEAST_SHARED]
    return met + [world.keyframes[n] for n in numbers[-RECENT:]]


def indices(numbers: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of `wanted` (n,) are among `numbers` (N,), (n,) bool, and where, (m,) indices."""
    if not len(numbers):
        return np.zeros(len(wanted), bool), np.empty(0, np.int64)
    order = np.argsort(numbers)
    place = np.searchsorted(numbers[order], wanted).clip(0, len(numbers) - 1)
    there = numbers[order][place] == wanted
    return there, order[place[there]]
