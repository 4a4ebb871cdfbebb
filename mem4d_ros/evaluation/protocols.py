"""Which frames, pixels and sequences of a data set a published figure is about.

The facts come from public evaluation code: of depth and pose from MonST3R (Junyi42/monst3r,
datasets_preprocess/) and CUT3R (CUT3R/CUT3R, eval/video_depth and eval/relpose), of reconstruction
from CUT3R (eval/mv_recon), which follows Spann3R (HengyiWang/spann3r). A data set that is not in a
table is measured whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FrameSelection:
    """Every `stride`-th frame from `start` on, `most` of them (None: to the end)."""

    start: int = 0
    stride: int = 1
    most: int | None = None

    def of(self, length: int) -> range:
        """The indices that are taken of `length` frames."""
        return range(self.start, length, self.stride)[: self.most]


@dataclass(frozen=True)
class DepthProtocol:
    """Video depth. `sequences` are the names, or their ends; none: all there are.

    True depth counts where it is positive and less than `max_depth_m`; the aligned prediction is
    cut off at `clip_m`. None: no bound.
    """

    frames: FrameSelection = field(default_factory=FrameSelection)
    sequences: tuple[str, ...] = ()
    max_depth_m: float | None = None
    clip_m: float | None = None


@dataclass(frozen=True)
class PoseProtocol:
    """Camera pose. `sequences` as of `DepthProtocol`."""

    frames: FrameSelection = field(default_factory=FrameSelection)
    sequences: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReconstructionProtocol:
    """Pointmaps against the truth. `sequences` as of `DepthProtocol`.

    Attributes:
        frames: its stride decides on the figures: it belongs to any that is quoted.
        max_depth_m: true depth counts where it is positive and at most this.
        crop_ratio: side of the square about the image's centre that counts, by the image's long
            side: 224 of 512 pixels.
        icp_distance_m: the ICP pairs points that are closer than this.
    """

    frames: FrameSelection = field(default_factory=FrameSelection)
    sequences: tuple[str, ...] = ()
    max_depth_m: float = 10.0
    crop_ratio: float = 224 / 512
    icp_distance_m: float = 0.1


SINTEL = (
    "alley_2 ambush_4 ambush_5 ambush_6 cave_2 cave_4 market_2 market_5 market_6 shaman_3"
    " sleeping_1 sleeping_2 temple_2 temple_3"
)
"""Those with perspective views and a moving camera, since ParticleSfM the field's choice."""

BONN = "balloon2 crowd2 crowd3 person_tracking2 synchronous"

TUM_DYNAMICS = " ".join(
    f"freiburg3_{people}_{camera}"
    for people in ("sitting", "walking")
    for camera in ("halfsphere", "rpy", "static", "xyz")
)

SEVEN_SCENES_TEST = (
    "chess/seq-03 chess/seq-05 fire/seq-03 fire/seq-04 heads/seq-01 office/seq-02 office/seq-06"
    " office/seq-07 office/seq-09 pumpkin/seq-01 pumpkin/seq-07 redkitchen/seq-03"
    " redkitchen/seq-04 redkitchen/seq-06 redkitchen/seq-12 redkitchen/seq-14 stairs/seq-01"
    " stairs/seq-04"
)
"""The data set's own test split (TestSplit.txt of each scene)."""

DEPTH_PROTOCOLS: Mapping[str, DepthProtocol] = {
    "sintel": DepthProtocol(sequences=tuple(SINTEL.split()), max_depth_m=70.0, clip_m=70.0),
    "bonn": DepthProtocol(
        FrameSelection(start=30, most=110), tuple(BONN.split()), max_depth_m=70.0
    ),
    "kitti": DepthProtocol(FrameSelection(most=110)),
}

POSE_PROTOCOLS: Mapping[str, PoseProtocol] = {
    "sintel": PoseProtocol(sequences=tuple(SINTEL.split())),
    "tum": PoseProtocol(FrameSelection(stride=3, most=90), tuple(TUM_DYNAMICS.split())),
    "scannet": PoseProtocol(FrameSelection(stride=3, most=90)),
    "stereo4d": PoseProtocol(FrameSelection(stride=5)),
}

RECONSTRUCTION_PROTOCOLS: Mapping[str, ReconstructionProtocol] = {
    "7scenes": ReconstructionProtocol(FrameSelection(stride=200), tuple(SEVEN_SCENES_TEST.split())),
    "nrgbd": ReconstructionProtocol(FrameSelection(stride=500)),
}


def depth_protocol(dataset: str) -> DepthProtocol:
    """The published one of a data set, else one that measures all of it."""
    return DEPTH_PROTOCOLS.get(dataset, DepthProtocol())


def pose_protocol(dataset: str) -> PoseProtocol:
    """The published one of a data set, else one that measures all of it."""
    return POSE_PROTOCOLS.get(dataset, PoseProtocol())


def reconstruction_protocol(dataset: str) -> ReconstructionProtocol:
    """The published one of a data set, else one that measures all of it."""
    return RECONSTRUCTION_PROTOCOLS.get(dataset, ReconstructionProtocol())


def chosen(names: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the sequences' `names` those wanted, and what is wanted but not there.

    A wanted name also stands for one that ends in it after / or _, as data sets put it into the
    names of their folders, and for all in a folder of that name. Where nothing in particular is
    wanted, all are.
    """
    if not wanted:
        return list(names), []
    found = {want: [name for name in names if _stands_for(want, name)] for want in wanted}
    taken = {name for matches in found.values() for name in matches}
    missing = [want for want, matches in found.items() if not matches]
    return [name for name in names if name in taken], missing


def _stands_for(wanted: str, name: str) -> bool:
    is_end = name == wanted or name.endswith((f"/{wanted}", f"_{wanted}"))
    return is_end or name.startswith(f"{wanted}/")
