"""Keyframes and the map that they and their landmarks are."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np

from mem4d_ros.geometry import ImageTransform, half_depth
from mem4d_ros.mapping.camera_pose import Points
from mem4d_ros.mapping.correction import Correction, moved_covariance, moved_pose, scale_of
from mem4d_ros.mapping.descriptors import Corners, corners_of
from mem4d_ros.mapping.drift import ScaleDrift
from mem4d_ros.mapping.external_pose import ExternalPose
from mem4d_ros.mapping.landmarks import Landmarks
from mem4d_ros.mapping.rotations import orthonormal
from mem4d_ros.mapping.thumbnails import thumbnail

RIGID = 1e-6
"""Log of a scale that changes nothing of a depth in float16."""


@dataclass(frozen=True)
class DenseView:
    """What the network makes of a frame, at its own resolution.

    Attributes:
        depth: (h, w) metres of the network, NaN where unknown.
        image: (h, w, 3) uint8 RGB, at the same pixels.
        transform: from the camera's image to these pixels.
        log_drift: log by which the depth is too large for the map (`drift.py`); what begins in it
            begins nearer.
        people: (h, w) bool, pixels that show people; None: nobody looked.
    """

    depth: np.ndarray
    image: np.ndarray
    transform: ImageTransform
    log_drift: float = 0.0
    people: np.ndarray | None = None

    def people_in(self, image: np.ndarray) -> np.ndarray:
        """Pixels of the camera's image (H, W) that show people, (H, W) bool."""
        if self.people is None:
            return np.zeros(image.shape, bool)
        shown = cv2.warpAffine(
            self.people.astype(np.uint8),
            self.transform.matrix[:2],
            image.shape[::-1],
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(shown > 0)

    def scaled(self, scale: float) -> DenseView:
        """The same in metres of which there are more, by this factor."""
        return replace(self, depth=(self.depth * scale).astype(self.depth.dtype))

    def kept(self) -> DenseView:
        """The same in as little memory as a map that holds many can afford: depth as float16.

        It has not drifted any more, and has no people: they do not stay.
        """
        depth = half_depth(self.depth * np.exp(-self.log_drift))
        if self.people is not None:
            depth[self.people] = np.nan
        return replace(self, depth=depth, log_drift=0.0, people=None)


@dataclass
class Keyframe:
    """A frame that stays.

    Attributes:
        number: counts keyframes since the map began.
        image: (H, W) uint8.
        camera_to_world: (4, 4), metres of the map.
        log_scale: log of the map's metres by the network's, as this frame has them.
        landmarks: (n,) numbers of those seen.
        pixels: (n, 2), where.
        descriptors: (n, 32) uint8, what they look like there.
        covariance: (6, 6) of the pose: turn about the camera's axes in rad, position in m.
        dense: depth in float16.
        place: (C,) float32 of length 1, what tells the place from others; None: not known.
        told: what another odometry says of the pose, as long as the map is not saved; or None.
    """

    number: int
    image: np.ndarray
    camera_to_world: np.ndarray
    log_scale: float
    landmarks: np.ndarray
    pixels: np.ndarray
    descriptors: np.ndarray
    covariance: np.ndarray
    dense: DenseView
    place: np.ndarray | None = None
    told: ExternalPose | None = None

    @cached_property
    def thumbnail(self) -> np.ndarray:
        """(h, w), the image as small as it takes to find those like it."""
        return thumbnail(self.image)

    @cached_property
    def corners(self) -> Corners:
        """Corners of many scales, for a frame that is lost."""
        return corners_of(self.image)

    def keep(self, which: np.ndarray) -> None:
        """Only those landmarks of `which` (n,) bool were seen."""
        self.landmarks, self.pixels = self.landmarks[which], self.pixels[which]
        self.descriptors = self.descriptors[which]

    def add(self, landmarks: np.ndarray, pixels: np.ndarray, descriptors: np.ndarray) -> None:
        """Landmarks with these numbers (n,) were seen, too: at pixels (n, 2), like this (n, 32)."""
        self.landmarks = np.concatenate((self.landmarks, landmarks))
        self.pixels = np.concatenate((self.pixels, pixels))
        self.descriptors = np.concatenate((self.descriptors, descriptors))

    def forget(self, numbers: np.ndarray) -> None:
        """Landmarks with these numbers were not seen after all."""
        self.keep(~np.isin(self.landmarks, numbers))


@dataclass
class Map:
    """Keyframes by number, in order of time, and landmarks.

    Attributes:
        next_number: of the next keyframe; none is given twice.
        joined: numbers of keyframes that loops have joined, the older one first.
        begins: numbers of the next keyframe each time that the camera came from somewhere else, in
            order; those up to the next one of any piece are one visit.
        drift: how its metre wanders, by the network's own.
    """

    keyframes: dict[int, Keyframe] = field(default_factory=dict)
    landmarks: Landmarks = field(default_factory=Landmarks)
    next_number: int = 0
    joined: tuple[tuple[int, int], ...] = ()
    begins: tuple[int, ...] = (0,)
    drift: ScaleDrift = field(default_factory=ScaleDrift)

    @property
    def first(self) -> Keyframe:
        """The oldest keyframe."""
        return self.keyframes[min(self.keyframes)]

    @property
    def newest(self) -> Keyframe:
        """The keyframe made last."""
        return self.keyframes[max(self.keyframes)]

    @property
    def log_own_metre(self) -> float:
        """Log of the map's metres by the network's own, those of depth that was told nothing.

        The first keyframe was told nothing; what is known since says more.
        """
        return self.drift.log_metre if self.drift.last else self.first.log_scale

    def links(self) -> np.ndarray:
        """(L, 2, 3), where in the world the keyframes are that loops have joined."""
        ends = [[self.keyframes[n].camera_to_world[:3, 3] for n in pair] for pair in self.joined]
        return np.reshape(np.array(ends, np.float64), (-1, 2, 3))

    def copy(self) -> Map:
        """The map as it is now; arrays of keyframes are replaced as they change, never written."""
        keyframes = {number: copy(keyframe) for number, keyframe in self.keyframes.items()}
        landmarks, drift = deepcopy(self.landmarks), deepcopy(self.drift)
        return replace(self, keyframes=keyframes, landmarks=landmarks, drift=drift)

    def enter(self, next_number: int) -> None:
        """The camera comes from somewhere else; its next keyframe gets that number."""
        self.next_number = next_number
        self.begins = (*(self.begins if self.keyframes else ()), next_number)

    def leave(self) -> None:
        """The camera goes on elsewhere; a visit without a keyframe was none."""
        self.begins = tuple(begin for begin in self.begins if begin < self.next_number)

    def visits(self, numbers: np.ndarray) -> np.ndarray:
        """Which visit of the camera keyframes with these numbers (n,) are of, (n,)."""
        return np.searchsorted(self.begins, numbers, side="right")

    def with_piece(self, piece: Map) -> Map:
        """Another map's keyframes and landmarks taken in, whose landmarks come after the own."""
        after = {
            number: replace(keyframe, landmarks=keyframe.landmarks + len(self.landmarks))
            for number, keyframe in piece.keyframes.items()
        }
        landmarks = deepcopy(self.landmarks)
        landmarks.append(piece.landmarks)
        return Map(
            dict(sorted({**self.keyframes, **after}.items())),
            landmarks,
            max(self.next_number, piece.next_number),
            (*self.joined, *piece.joined),
            tuple(sorted((*self.begins, *piece.begins))),
            oldest((self, piece)).drift,
        )

    def move(self, correction: Correction) -> None:
        """Move keyframes, and landmarks with those that saw them first.

        What the network said there is in the metres of then, and grows with them.
        """
        numbers = np.array(sorted(self.keyframes))
        motions = correction.of(numbers)
        log_scales = np.log(scale_of(motions))
        for number, motion, log_scale in zip(numbers.tolist(), motions, log_scales, strict=True):
            keyframe = self.keyframes[number]
            pose = moved_pose(motion, keyframe.camera_to_world)
            pose[:3, :3] = orthonormal(pose[:3, :3])  # or each loop would add to its error
            keyframe.camera_to_world = pose
            keyframe.covariance = moved_covariance(motion, keyframe.covariance)
            if abs(log_scale) > RIGID:  # depth of a large piece takes a while
                keyframe.dense = keyframe.dense.scaled(float(np.exp(log_scale)))
                if keyframe.told is not None:
                    keyframe.told = keyframe.told.rescaled(float(np.exp(log_scale)))
        table = self.landmarks
        hosts = np.searchsorted(numbers, table.host).clip(0, len(numbers) - 1)
        table.log_inverse = table.log_inverse - log_scales[hosts]
        table.log_prior = table.log_prior + log_scales[hosts]

    def points(self, numbers: np.ndarray, intrinsics: np.ndarray) -> Points:
        """Landmarks with these numbers (n,) in the world."""
        table = self.landmarks
        hosts, index = np.unique(table.host[numbers], return_inverse=True)
        poses = np.array([self.keyframes[host].camera_to_world for host in hosts.tolist()])
        poses = poses.reshape(-1, 4, 4)[index]
        rays = to_rays(table.pixel[numbers], intrinsics)
        depth = np.exp(-table.log_inverse[numbers])[:, None]
        moved = np.einsum("nij,nj->ni", poses[:, :3, :3], rays) * depth
        return Points(
            moved + poses[:, :3, 3],
            moved,
            table.variance[numbers],
            table.trust(numbers),
            table.sharpness[numbers] @ poses[:, :3, :2].swapaxes(1, 2),  # (n, 2, 3)
        )


def oldest(pieces: Iterable[Map]) -> Map:
    """The map that began first: it stays where it is when pieces are brought together."""
    return min(pieces, key=lambda piece: piece.first.number)


def to_rays(pixels: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Viewing directions (N, 3), z = 1, of pixels (N, 2)."""
    homogeneous = np.concatenate((pixels, np.ones((len(pixels), 1))), -1)
    rays: np.ndarray = homogeneous @ np.linalg.inv(intrinsics).T
    return rays


def to_pixels(on_plane: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Pixels (N, 2) of points (N, 2) on the plane z = 1."""
    pixels: np.ndarray = on_plane @ intrinsics[:2, :2].T + intrinsics[:2, 2]
    return pixels
