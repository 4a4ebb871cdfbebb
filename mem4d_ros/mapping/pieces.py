"""Pieces of a map: parts of it that the camera has not been seen to go between.

A camera that sees nothing known for long begins a new piece where it should be by now, and the one
before is set aside. Should it see a place of that one when it is lost again, it goes on there, and
the new one moves to where the camera came from. A place of the one that is seen from the other
joins the two (`loops.py`). This is an atlas as Elvira, Tardós & Montiel have it (ORBSLAM-Atlas,
IROS 2019).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.correction import Correction
from mem4d_ros.mapping.keyframes import Map, oldest
from mem4d_ros.mapping.locating import STRANGE_LANDMARKS, Found, is_sure, locate_anew
from mem4d_ros.mapping.motion import CameraMotion
from mem4d_ros.mapping.relocalisation import most_similar
from mem4d_ros.mapping.thinning import MOST_KEYFRAMES

LEAST_KEYFRAMES = 2
"""Of a piece that is kept: with one nothing is known but what the network said."""


def put_together(left: Map, entered: Map, motion: np.ndarray) -> Correction:
    """Move the younger of two pieces to where a camera came from one into the other.

    Args:
        motion: (4, 4), of the piece that it left, by which it would be where it entered the other.
    """
    stays = oldest((left, entered))
    moves, own = (left, motion) if stays is entered else (entered, rigid_inverse(motion))
    numbers = np.array(sorted({*left.keyframes, *entered.keyframes}))
    is_moved = np.isin(numbers, list(moves.keyframes))
    correction = Correction(numbers, np.where(is_moved[:, None, None], own, np.eye(4)))
    moves.move(correction)
    return correction


def grow(pieces: Sequence[Map], scale: float) -> Correction:
    """Make all pieces so many times as large about the world's origin."""
    links = np.concatenate([piece.links() for piece in pieces])
    motion = np.diag((scale, scale, scale, 1.0))
    correction = Correction(np.zeros(1, np.int64), motion[None], scale * links)  # from the first on
    for piece in pieces:
        piece.move(correction)
        piece.drift.grow(math.log(scale))
    return correction


def completed(correction: Correction, pieces: Iterable[Map]) -> Correction:
    """For all that hangs on keyframes of any piece, also on those that were given up.

    What is not of a piece that moves stays, and what is left of a visit of the camera moves as the
    rest of its piece; so do keyframes that are newer than the correction.
    """
    motions = {}
    for piece in pieces:
        own = np.array(sorted(piece.keyframes))
        moves = np.isin(own, correction.keyframes).any()
        for number in {*piece.keyframes, *piece.begins}:
            nearest = own[[min(int(np.searchsorted(own, number)), len(own) - 1)]]
            motions[number] = correction.of(nearest)[0] if moves else np.eye(4)
    numbers = sorted(motions)
    links = np.concatenate([piece.links() for piece in pieces])
    return Correction(np.array(numbers), np.array([motions[n] for n in numbers]), links)


@dataclass(frozen=True)
class Pieces:
    """Maps that are set aside, none of which changes meanwhile."""

    maps: tuple[Map, ...] = ()

    def __iter__(self) -> Iterator[Map]:
        return iter(self.maps)

    def with_map(self, world: Map) -> Pieces:
        """With another one set aside.

        While there are too many keyframes in all, the smallest pieces are given up, but not the
        newest, nor the oldest, from which a map may have been loaded, nor the largest.
        """
        maps = [m for m in (*self.maps, world) if len(m.keyframes) >= LEAST_KEYFRAMES]
        while sum(len(piece.keyframes) for piece in maps) > MOST_KEYFRAMES:
            largest = max(maps, key=lambda piece: len(piece.keyframes))
            kept = [world, oldest(maps), largest]
            others = [piece for piece in maps if not any(piece is one for one in kept)]
            if not others:
                break
            smallest = min(others, key=lambda piece: len(piece.keyframes))
            maps = [piece for piece in maps if piece is not smallest]
        return Pieces(tuple(maps))

    def without(self, world: Map) -> Pieces:
        """With one of them taken out."""
        return Pieces(tuple(piece for piece in self.maps if piece is not world))

    def of_keyframe(self, number: int) -> Map | None:
        """The piece with the keyframe of that number."""
        return next((piece for piece in self.maps if number in piece.keyframes), None)

    def recognise(self, image: np.ndarray, intrinsics: np.ndarray) -> tuple[Map, Found] | None:
        """The piece in which an image (H, W) uint8 was surely taken, and what it shows of it.

        Only that with the keyframe that looks most like it is asked.
        """
        keyframes = [keyframe for piece in self.maps for keyframe in piece.keyframes.values()]
        for keyframe in most_similar(keyframes, image, 1):
            piece = next(m for m in self.maps if keyframe.number in m.keyframes)
            found = locate_anew(piece, image, intrinsics, CameraMotion(is_placed=False))
            if found is not None and is_sure(found, STRANGE_LANDMARKS):
                return piece, found
        return None
