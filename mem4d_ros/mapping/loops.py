"""Loops: a place that was seen before is recognised, verified twice, and the map made to agree.

A keyframe that looks like an old one is located from the old part of the map alone. Where that part
would have it says by how much the map has drifted; only if the next keyframe says the same is the
pose graph relaxed, so that what looks alike by chance moves nothing. A keyframe that looks like one
of another piece of the map (`pieces.py`) joins the two in the same way. All of it is one piece of
work on a copy of the map, which need not wait and need not be waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mem4d_ros.mapping.adjustment import Worker
from mem4d_ros.mapping.correction import Correction, moved_pose, scale_of
from mem4d_ros.mapping.keyframes import Map, oldest
from mem4d_ros.mapping.links import Link, agree, find_link, is_drift, is_possible, old_part
from mem4d_ros.mapping.places import revisited
from mem4d_ros.mapping.pose_graph import ROBUST_SIGMAS, Edges, PoseGraph, edges_between, relax
from mem4d_ros.mapping.tracks import RECENT
from mem4d_ros.mapping.window import carried

STEP_DEVIATION = (0.005, 0.05, 0.02)
"""Of an edge between neighbours: turn in rad, way by itself, log scale."""
LOOP_DEVIATION = (0.004, 0.01, 0.02)
"""Of a loop: turn in rad, way by the distance of what is seen, log scale."""
FIRM = 0.02
"""No way is surer than this share of the deviation of what is seen at a distance."""
WELL_SEEN, MOST_UNCERTAIN = 50, 10.0
"""Shared landmarks from which on an edge has these deviations. With fewer it has larger ones, by
the square, at most so many times, as from one visit of the camera to the next."""
LEAST_SHARED = 20
"""Keyframes that share so many landmarks hold each other."""


@dataclass(frozen=True)
class Closed:
    """A loop: how the world must move, and the links that say so."""

    correction: Correction
    links: tuple[Link, ...]


Answer = Link | Closed | None
"""Of a search: a link that waits for a second one, a loop, or nothing."""


class Loops:
    """Looks for loops as keyframes come. Not thread-safe."""

    def __init__(self, worker: Worker[Answer]) -> None:
        self._worker = worker
        self.reset()

    def reset(self) -> None:
        """Forget what has been seen."""
        self._worker.reset()
        self._waiting: Link | None = None

    def look(self, world: Map, pieces: Iterable[Map], intrinsics: np.ndarray) -> None:
        """Begin to look whether the newest keyframe closes a loop, or shows a place of a piece."""
        if self._worker.is_busy:
            return
        numbers = [keyframe.number for keyframe in revisited(world, pieces)]
        if numbers:
            asked = [piece.copy() for piece in pieces if piece.keyframes.keys() & set(numbers)]
            frozen = (world.copy(), *asked)
            self._worker.submit(partial(_answer, frozen, numbers, intrinsics, self._waiting))

    def collect(self) -> Closed | None:
        """The loop that has been found since the last call."""
        answer = self._worker.collect()
        if answer is None:
            return None
        self._waiting = answer if isinstance(answer, Link) else None
        return answer if isinstance(answer, Closed) else None


def close(world: Map, loop: Closed, piece: Map | None = None) -> Map:
    """Move keyframes and what hangs on them, and let the new ones see what the old ones saw.

    Args:
        piece: what the loop joins with the world.

    Returns:
        The world, with the piece.
    """
    moved: Sequence[int] = ()
    begin = 0  # of the numbers of the landmarks that links name
    if piece is not None:
        moved, begin = _moving((world, piece)), len(world.landmarks)
        world = world.with_piece(piece)
    world.move(loop.correction)
    for link in loop.links:
        keyframe = world.keyframes.get(link.new)
        if keyframe is not None:
            landmarks = link.landmarks + begin
            new = ~np.isin(landmarks, keyframe.landmarks)
            keyframe.add(landmarks[new], link.pixels[new], link.descriptors[new])
    joined = (*world.joined, *((link.old, link.new) for link in loop.links))
    world.joined = tuple(pair for pair in joined if world.keyframes.keys() >= set(pair))
    _hold(world, loop.links[-1], moved)
    return world


def _hold(world: Map, link: Link, moved: Sequence[int]) -> None:
    """Keyframes that have moved are now as uncertain as the one that a link holds them by."""
    turn, way, _ = LOOP_DEVIATION
    own = np.diag(np.repeat((turn**2, (way * link.distance) ** 2), 3))
    holding = world.keyframes[link.new if link.old in moved else link.old]
    for number in moved:
        keyframe = world.keyframes[number]
        keyframe.covariance = carried(holding, keyframe.camera_to_world) + own


def _moving(parts: Sequence[Map]) -> tuple[int, ...]:
    """Numbers of the keyframes of those parts that do not stay."""
    stays = oldest(parts)
    return tuple(number for part in parts if part is not stays for number in part.keyframes)


def _answer(
    parts: Sequence[Map], candidates: list[int], intrinsics: np.ndarray, waiting: Link | None
) -> Answer:
    """Of the world, the first of the parts; the others are pieces with candidates."""
    world = parts[0]
    for number in candidates:
        home = next(part for part in parts if number in part.keyframes)
        link = _plausible_link(world, home, number, intrinsics)
        if link is None:
            continue
        if waiting is None or waiting.old not in home.keyframes or not agree(world, waiting, link):
            return link
        links = (waiting, link)
        correction = _correct((world,) if home is world else (world, home), links)
        return link if correction is None else Closed(correction, links)
    return None


def _plausible_link(world: Map, home: Map, number: int, intrinsics: np.ndarray) -> Link | None:
    """To a keyframe at home in the world, or in another piece."""
    old = old_part(world) if home is world else home
    link = find_link(world, old, home.keyframes[number], intrinsics)
    if link is None:
        return None
    believed = is_drift(world, link) if home is world else is_possible(world, home, link)
    return link if believed else None


def _correct(parts: Sequence[Map], links: tuple[Link, ...]) -> Correction | None:
    """Relax the pose graph of all keyframes with these links; None if it does not give way."""
    keyframes = {n: keyframe for part in parts for n, keyframe in part.keyframes.items()}
    numbers = np.array(sorted(keyframes))
    poses = np.array([keyframes[n].camera_to_world for n in numbers.tolist()])
    edges = _edges_of(links, numbers)
    for part in parts:
        edges = _edges_within(part, numbers, poses, links).joined(edges)
    graph = start = PoseGraph(poses, np.zeros(len(numbers)), edges)
    if len(parts) > 1:
        start = _brought_together(graph, np.isin(numbers, _moving(parts)), links)
    relaxed, errors = relax(start)
    if errors[-len(links) :].max() > ROBUST_SIGMAS:
        return None
    return Correction(numbers, graph.motions(relaxed))


def _brought_together(graph: PoseGraph, moving: np.ndarray, links: tuple[Link, ...]) -> PoseGraph:
    """With those nodes that belong to another piece, (K,) bool, where the newest link has them."""
    link = links[-1]
    motion = link.motion if moving[graph.edges.second[-1]] else np.linalg.inv(link.motion)
    poses, log_scale = graph.camera_to_world.copy(), graph.log_scale.copy()
    poses[moving] = moved_pose(motion, poses[moving])
    log_scale[moving] = np.log(scale_of(motion))
    return replace(graph, camera_to_world=poses, log_scale=log_scale)


def _edges_within(
    part: Map, numbers: np.ndarray, poses: np.ndarray, links: tuple[Link, ...]
) -> Edges:
    """What holds the keyframes of a part, among all with these numbers (K,), poses (K, 4, 4)."""
    distance = float(np.median([link.distance for link in links]))
    own = np.flatnonzero(np.isin(numbers, list(part.keyframes)))
    first, second, shared = _neighbours(part, numbers[own])
    first, second = own[first], own[second]
    way = np.linalg.norm(poses[second, :3, 3] - poses[first, :3, 3], axis=-1)
    turn, by_way, log_scale = STEP_DEVIATION
    deviation = np.stack(
        (
            np.full(len(way), turn),
            by_way * (way + FIRM * distance),
            np.full(len(way), log_scale),
        ),
        -1,
    )
    weakness = ((WELL_SEEN / np.maximum(shared, 1)) ** 2).clip(1, MOST_UNCERTAIN)
    deviation *= weakness[:, None]
    return edges_between(poses, first, second, deviation)


def _edges_of(links: tuple[Link, ...], numbers: np.ndarray) -> Edges:
    turn, way, log_scale = LOOP_DEVIATION
    return Edges(
        np.searchsorted(numbers, [link.old for link in links]),
        np.searchsorted(numbers, [link.new for link in links]),
        np.array([link.pose for link in links]),
        np.log(scale_of(np.array([link.motion for link in links]))),
        np.array([(turn, way * link.distance, log_scale) for link in links]),
        np.ones(len(links), bool),
    )


def _neighbours(world: Map, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices (M,) and (M,) of keyframes that follow each other, or met again and see the same.

    Among those soon after each other, all see the same: what holds them is one thing, not many.
    The third array (M,) says how many landmarks both see.
    """
    sees = np.zeros((len(numbers), len(world.landmarks)), np.float32)
    for row, number in zip(sees, numbers.tolist(), strict=True):
        row[world.keyframes[number].landmarks] = 1
    visits = world.visits(numbers)
    is_one_visit = visits[:, None] == visits
    apart = np.triu(np.ones_like(is_one_visit), RECENT) | np.triu(~is_one_visit)
    shared = sees @ sees.T
    met_again = apart & (shared >= LEAST_SHARED)
    first, second = np.nonzero(met_again | np.eye(len(numbers), k=1, dtype=bool))
    return first, second, shared[first, second]
