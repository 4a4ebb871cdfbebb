"""Keyframes that show the same place, by what the network makes of their images.

A descriptor of a place is a vector of length 1 (`runtime/places.py` makes it); two of one place
have a large product. Whether it is one place is then for geometry to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from mem4d_ros.mapping.keyframes import Keyframe, Map
from mem4d_ros.mapping.tracks import connected

CANDIDATES = 3
LEAST_SIMILARITY = 0.8
"""Of a candidate, by that of the keyframe before the newest."""


def revisited(world: Map, pieces: Iterable[Map] = ()) -> list[Keyframe]:
    """Keyframes that may show the newest one's place unknown to it, the likeliest first.

    Args:
        pieces: other maps whose keyframes are looked at, too.
    """
    newest, before = world.newest, world.keyframes[sorted(world.keyframes)[-2:][0]]
    if newest.place is None or before.place is None:
        return []
    known = {keyframe.number for keyframe in connected(world)}
    everywhere = chain(*(piece.keyframes.values() for piece in (world, *pieces)))
    others = [k for k in everywhere if k.number not in known and _alike(k, newest)]
    if not (others and _alike(before, newest)):
        return []
    similarity = np.array([keyframe.place for keyframe in others]) @ newest.place
    least = LEAST_SIMILARITY * float(before.place @ newest.place)
    order = np.argsort(-similarity)[:CANDIDATES]
    return [others[index] for index in order if similarity[index] > least]


def _alike(first: Keyframe, second: Keyframe) -> bool:
    """Whether one network has described both; a map may have been made with another one."""
    if first.place is None or second.place is None:
        return False
    return first.place.shape == second.place.shape
