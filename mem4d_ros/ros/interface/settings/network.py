"""Parameters of the network, its memories and the pose source."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mem4d_ros.model import PRESETS, MemorySizes
from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.runtime import engines
from mem4d_ros.runtime.device import PRECISIONS
from mem4d_ros.runtime.keyframes import EVERY_FRAME, KEYFRAME, KeyframeThresholds
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES, REPLACED

AS_MADE = -1
"""Of a memory's size: what the network was made for."""


@dataclass(frozen=True)
class LifecycleSettings:
    """Parameters of the lifecycle."""

    autostart: bool = parameter(
        True,
        "Configure and activate the node when it starts, and exit if that fails; false: wait for"
        " a lifecycle manager",
        read_only=True,
    )


@dataclass(frozen=True)
class ModelSettings:
    """Parameters of the network."""

    checkpoint: str = parameter(
        "",
        "Checkpoint to load, a .safetensors file; empty: the one that comes with the package for"
        " model.preset; random: untrained weights, which reconstruct nothing",
    )
    preset: str = parameter(
        "lite",
        "Network to build if model.checkpoint is empty or random",
        choices=tuple(sorted(PRESETS)),
    )
    seed: int = parameter(0, "Seed of random weights", minimum=0, maximum=2**31 - 1)
    device: str = parameter(
        "auto",
        "Device of the network: auto, cpu, cuda or cuda:N; auto: CUDA, or the CPU without it",
    )
    precision: str = parameter(
        "auto",
        "Number format of the network; auto: bf16 if the device supports it in hardware, otherwise"
        " fp16 on CUDA and fp32 on a CPU",
        choices=PRECISIONS,
    )
    compile: bool = parameter(
        False,
        "Compile parts of the network with torch.compile: takes minutes at the first image of each"
        " size and needs a C++ compiler; parts that cannot be compiled run uncompiled",
    )
    engine: str = parameter(
        engines.AUTO,
        "What computes the network: torch; cuda_graph, on a GPU, which then need not wait for"
        " Python; auto: cuda_graph on a GPU, else torch; onnxruntime, if it is installed, in fp32;"
        " fastest: as auto, but off a GPU the parts by onnxruntime that are faster so, measured"
        " once. For onnxruntime parts are converted at the first images of a size, which takes"
        " about a minute, once",
        choices=engines.ENGINES,
    )
    engine_folder: str = parameter(
        "",
        "Folder of parts converted for model.engine, as mem4d export writes it; empty:"
        " mem4d_ros/engines in the user's cache",
    )
    image_size: int = parameter(
        0,
        "Long side of the network's input image, pixels; 0: the size that the network was made for,"
        " for lite as many pixels as 256x192 have, whatever the image's shape",
        minimum=0,
        maximum=2048,
        step=16,
    )
    threads: int = parameter(
        0, "CPU threads of the network; 0: torch's default", minimum=0, maximum=1024
    )


@dataclass(frozen=True)
class MemorySettings:
    """Parameters of the network's memories."""

    tca_window: int = parameter(
        AS_MADE,
        "Number of past frames in the temporal context (TCA); 0: none; -1: as many as the network"
        " was made for",
        minimum=AS_MADE,
        maximum=64,
        changeable=True,
    )
    tdm_size: int = parameter(
        AS_MADE,
        "Number of past frames in the transient dynamics memory (TDM); 0: none; -1: as many as the"
        " network was made for",
        minimum=AS_MADE,
        maximum=64,
        changeable=True,
    )
    psm_size: int = parameter(
        AS_MADE,
        "Number of frames in the persistent structure memory (PSM), including the first frame, at"
        " least 1; -1: as many as the network was made for",
        minimum=AS_MADE,
        maximum=10000,
        changeable=True,
    )
    psm_update: str = parameter(
        EVERY_FRAME,
        "Frames that are written to the PSM: every_frame, as in the paper, or keyframe, only those"
        " that show something new: at 30 frames/s the first spans seconds, the second a building",
        choices=(EVERY_FRAME, KEYFRAME),
    )
    keyframe_min_translation_m: float = parameter(
        0.3,
        "Minimum distance from every keyframe, metres, for a frame to become a keyframe",
        minimum=0.0,
        maximum=1000.0,
    )
    keyframe_min_rotation_deg: float = parameter(
        20.0,
        "Minimum rotation from every nearby keyframe, degrees, for a frame to become a keyframe",
        minimum=0.0,
        maximum=180.0,
    )
    keyframe_min_overlap: float = parameter(
        0.6,
        "Overlap with the stored keyframes, ratio of the frame's points that they see, below which"
        " a frame becomes a keyframe",
        minimum=0.0,
        maximum=1.0,
    )

    def sizes(self, network: MemorySizes) -> MemorySizes:
        """The same as the model takes it, given the sizes that the network was made for."""
        asked = {name: getattr(self, name) for name in ("tca_window", "tdm_size", "psm_size")}
        return replace(network, **{name: n for name, n in asked.items() if n != AS_MADE})

    def keyframes(self) -> KeyframeThresholds | None:
        """Which frames enter the PSM; None: all."""
        if self.psm_update == EVERY_FRAME:
            return None
        return KeyframeThresholds(
            self.keyframe_min_translation_m,
            math.radians(self.keyframe_min_rotation_deg),
            self.keyframe_min_overlap,
        )


@dataclass(frozen=True)
class PoseSettings:
    """Parameters of camera poses."""

    source: str = parameter(
        AUTO,
        "Source of camera poses: head of the network, procrustes alignment of its pointmaps, or"
        " geometry, a map of landmarks whose depth the network is told; auto: the one that suits"
        " the network",
        choices=CHOICES,
        replaced=REPLACED,
    )
