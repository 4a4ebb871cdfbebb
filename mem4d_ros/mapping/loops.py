"""Loops: a place that was seen before is recognised, verified twice, and the map made to agree.

A keyframe that looks like an old one is located from the old part of the map alone. Where that part
would have it says by how much the map has drifted; only if the next keyframe says the same is the
pose graph relaxed, so that what looks alike by chance moves nothing. All of it is one piece of work
on a copy of the map, which need not wait and need not be waited for.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.adjustment import Worker
from mem4d_ros.mapping.camera_pose import Located, locate
from mem4d_ros.mapping.correction import Correction, moved_pose, scale_of
from mem4d_ros.mapping.descriptors import describe
from mem4d_ros.mapping.growth import LEAST_LANDMARKS, log_ratios
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_rays
from mem4d_ros.mapping.locating import PIXEL_DEVIATION
from mem4d_ros.mapping.places import revisited
from mem4d_ros.mapping.pose_graph import ROBUST_SIGMAS, Edges, PoseGraph, edges_between, relax
from mem4d_ros.mapping.relocalisation import relocalise
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.mapping.tracks import RECENT, Tracks, connected, find_again

LEAST_INLIERS, LEAST_INLIER_RATIO = 30, 0.6
"""Of the old landmarks that are found, so many must be where they should be."""
LEAST_SPREAD = 0.08
"""Of these in the image, as a deviation in x and in y, by its long side."""
PATIENCE = 3
"""Keyframes within which a second one must agree."""
SAME_TURN_RAD, SAME_WAY, SAME_LOG_SCALE = 0.04, 0.04, 0.1
"""Two corrections closer than this are the same; ways are by the distance of what is seen."""
LARGEST_DRIFT = 0.25
"""Of the way since the old keyframe; more is no drift."""
LARGEST_TURN_RAD, LARGEST_LOG_SCALE = 0.6, 0.5
STEP_DEVIATION = (0.005, 0.05, 0.02)
"""Of an edge between neighbours: turn in rad, way by itself, log scale."""
LOOP_DEVIATION = (0.004, 0.01, 0.02)
"""Of a loop: turn in rad, way by the distance of what is seen, log scale."""
FIRM = 0.02
"""No way is surer than this share of the deviation of what is seen at a distance."""
LEAST_SHARED = 20
"""Keyframes that share so many landmarks hold each other."""


@dataclass(frozen=True)
class Link:
    """A keyframe as an old one has it.

    Attributes:
        old, new: their numbers.
        motion: (4, 4), of the world, a similarity that brings the new one where it belongs.
        pose: (4, 4), of the new one in the old one's camera.
        distance: of what it sees, m.
        landmarks, pixels, descriptors: (n,) numbers of old ones that it sees too, (n, 2), (n, 32).
    """

    old: int
    new: int
    motion: np.ndarray
    pose: np.ndarray
    distance: float
    landmarks: np.ndarray
    pixels: np.ndarray
    descriptors: np.ndarray


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

    def look(self, world: Map, intrinsics: np.ndarray) -> None:
        """Begin to look whether the newest keyframe closes a loop."""
        if self._worker.is_busy:
            return
        candidates = revisited(world)
        if candidates:
            numbers = [keyframe.number for keyframe in candidates]
            frozen = world.copy()
            self._worker.submit(partial(_answer, frozen, numbers, intrinsics, self._waiting))

    def collect(self) -> Closed | None:
        """The loop that has been found since the last call."""
        answer = self._worker.collect()
        if answer is None:
            return None
        self._waiting = answer if isinstance(answer, Link) else None
        return answer if isinstance(answer, Closed) else None


def close(world: Map, loop: Closed) -> Correction:
    """Move keyframes and what hangs on them, and let the new ones see what the old ones saw.

    Returns the correction, with all links of the world.
    """
    _move(world, loop.correction)
    for link in loop.links:
        keyframe = world.keyframes.get(link.new)
        if keyframe is not None:
            new = ~np.isin(link.landmarks, keyframe.landmarks)
            keyframe.add(link.landmarks[new], link.pixels[new], link.descriptors[new])
    joined = (*world.joined, *((link.old, link.new) for link in loop.links))
    world.joined = tuple(pair for pair in joined if world.keyframes.keys() >= set(pair))
    return replace(loop.correction, links=world.links())


def _move(world: Map, correction: Correction) -> None:
    numbers = np.array(sorted(world.keyframes))
    motions = correction.of(numbers)
    log_scales = np.log(scale_of(motions))
    for number, motion, log_scale in zip(numbers.tolist(), motions, log_scales, strict=True):
        keyframe = world.keyframes[number]
        keyframe.camera_to_world = moved_pose(motion, keyframe.camera_to_world)
        keyframe.log_scale += float(log_scale)
    table = world.landmarks
    hosts = np.searchsorted(numbers, table.host).clip(0, len(numbers) - 1)
    table.log_inverse = table.log_inverse - log_scales[hosts]


def _answer(
    world: Map, candidates: list[int], intrinsics: np.ndarray, waiting: Link | None
) -> Answer:
    for number in candidates:
        link = _link(world, world.keyframes[number], intrinsics)
        if link is None or not _is_plausible(world, link):
            continue
        if waiting is None or not _agree(world, waiting, link):
            return link
        correction = _correct(world, (waiting, link))
        return link if correction is None else Closed(correction, (waiting, link))
    return None


def _link(world: Map, candidate: Keyframe, intrinsics: np.ndarray) -> Link | None:
    """Locate the newest keyframe from the part of the map that the candidate belongs to."""
    newest, old = world.newest, _old_part(world)
    start = relocalise(old, [candidate], newest.image, intrinsics)
    if start is None:
        return None
    everywhere, nothing = old.keyframes.values(), np.empty(0, np.int64)
    tracks = find_again(old, everywhere, newest.image, start, intrinsics, taken=nothing)
    points = old.points(tracks.numbers, intrinsics)
    seen = to_rays(tracks.pixels, intrinsics)[:, :2]
    located = locate(points, seen, PIXEL_DEVIATION / intrinsics[0, 0], start)
    if located is None or not _is_sure(tracks, located):
        return None
    tracks = tracks[located.agrees]
    there = log_ratios(old, tracks, located.camera_to_world, newest.dense, intrinsics)
    own = Tracks(newest.image, newest.landmarks, newest.pixels)
    here = log_ratios(world, own, newest.camera_to_world, newest.dense, intrinsics)
    if min(len(there), len(here)) < LEAST_LANDMARKS:
        return None
    scale = float(np.exp(np.median(there) - np.median(here)))
    away = points.position[located.agrees] - located.camera_to_world[:3, 3]
    return Link(
        candidate.number,
        newest.number,
        _similarity(newest.camera_to_world, located.camera_to_world, scale),
        rigid_inverse(candidate.camera_to_world) @ located.camera_to_world,
        float(np.median(np.linalg.norm(away, axis=-1))),
        tracks.numbers,
        tracks.pixels,
        describe(newest.image, tracks.pixels),
    )


def _is_sure(tracks: Tracks, located: Located) -> bool:
    """Whether enough landmarks agree, all over the image."""
    count = located.agrees.sum()
    if count < max(LEAST_INLIERS, LEAST_INLIER_RATIO * len(located.agrees)):
        return False
    spread = tracks.pixels[located.agrees].std(0).min() / max(tracks.image.shape)
    return bool(spread > LEAST_SPREAD)


def _is_plausible(world: Map, link: Link) -> bool:
    """Whether the way between the two keyframes can have drifted so far."""
    numbers = [n for n in sorted(world.keyframes) if link.old <= n <= link.new]
    places = np.array([world.keyframes[n].camera_to_world[:3, 3] for n in numbers])
    way = np.linalg.norm(np.diff(places, axis=0), axis=-1).sum() + link.distance
    before = world.keyframes[link.new].camera_to_world
    after = moved_pose(link.motion, before)
    return bool(
        np.linalg.norm(after[:3, 3] - before[:3, 3]) < LARGEST_DRIFT * way
        and angle_between(before[:3, :3], after[:3, :3]) < LARGEST_TURN_RAD
        and abs(np.log(scale_of(link.motion))) < LARGEST_LOG_SCALE
    )


def _agree(world: Map, first: Link, second: Link) -> bool:
    """Whether two links, one soon after the other, move the second's keyframe alike."""
    if first.new == second.new or second.new - first.new > PATIENCE:
        return False
    pose = world.keyframes[second.new].camera_to_world
    one, other = moved_pose(first.motion, pose), moved_pose(second.motion, pose)
    scales = scale_of(np.stack((first.motion, second.motion)))
    return bool(
        np.linalg.norm(one[:3, 3] - other[:3, 3]) < SAME_WAY * second.distance
        and angle_between(one[:3, :3], other[:3, :3]) < SAME_TURN_RAD
        and abs(np.log(scales[0] / scales[1])) < SAME_LOG_SCALE
    )


def _correct(world: Map, links: tuple[Link, ...]) -> Correction | None:
    """Relax the pose graph of all keyframes with these links; None if it does not give way."""
    numbers = np.array(sorted(world.keyframes))
    poses = np.array([world.keyframes[n].camera_to_world for n in numbers.tolist()])
    distance = float(np.median([link.distance for link in links]))
    first, second = _neighbours(world, numbers)
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
    edges = edges_between(poses, first, second, deviation)
    graph = PoseGraph(poses, np.zeros(len(numbers)), edges.joined(_edges_of(links, numbers)))
    relaxed, errors = relax(graph)
    if errors[-len(links) :].max() > ROBUST_SIGMAS:
        return None
    return Correction(numbers, graph.motions(relaxed))


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


def _neighbours(world: Map, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (M,) and (M,) of keyframes that follow each other, or met again and see the same.

    Among those soon after each other, all see the same: what holds them is one thing, not many.
    """
    sees = np.zeros((len(numbers), len(world.landmarks)), np.float32)
    for row, number in zip(sees, numbers.tolist(), strict=True):
        row[world.keyframes[number].landmarks] = 1
    met_again = np.triu(sees @ sees.T >= LEAST_SHARED, RECENT)
    first, second = np.nonzero(met_again | np.eye(len(numbers), k=1, dtype=bool))
    return first, second


def _old_part(world: Map) -> Map:
    """Keyframes not connected with the newest one, and the landmarks that are at home there."""
    known = {keyframe.number for keyframe in connected(world)}
    keyframes = {n: k for n, k in world.keyframes.items() if n not in known}
    landmarks = copy.copy(world.landmarks)
    landmarks.is_alive = landmarks.is_alive & np.isin(landmarks.host, list(keyframes))
    return replace(world, keyframes=keyframes, landmarks=landmarks)


def _similarity(before: np.ndarray, after: np.ndarray, scale: float) -> np.ndarray:
    """The motion (4, 4) of the world that takes a camera from a pose to another, and its metres."""
    motion = np.eye(4)
    motion[:3, :3] = scale * after[:3, :3] @ before[:3, :3].T
    motion[:3, 3] = after[:3, 3] - motion[:3, :3] @ before[:3, 3]
    return motion
