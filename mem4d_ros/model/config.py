"""Every size of the network, as data.

A preset is a value of :class:`Mem4DConfig`; no code asks which preset it runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar

from mem4d_ros.model.plain_data import build


@dataclass(frozen=True)
class MemorySizes:
    """Capacities of the memories, in past frames. No weight depends on them.

    Attributes:
        tca_window: past frames read by the Temporal Context Aggregator; 0 turns it off.
        tdm_size: past frames the Transient Dynamics Memory correlates with (N_d); 0 turns it off.
        psm_size: frames kept by the Persistent Structure Memory (N_s), the first frame included.
    """

    tca_window: int = 5
    tdm_size: int = 2
    psm_size: int = 100

    def __post_init__(self) -> None:
        for name, smallest in (("tca_window", 0), ("tdm_size", 0), ("psm_size", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
                raise ValueError(f"{name} must be an integer of at least {smallest}, got {value!r}")

    def __str__(self) -> str:
        """As messages name them."""
        return f"TCA {self.tca_window}, TDM {self.tdm_size}, PSM {self.psm_size}"


@dataclass(frozen=True)
class ViTConfig:
    """A plain vision transformer; the defaults are ViT-Large/16, the paper's encoder."""

    kind: ClassVar[str] = "vit"
    width: int = 1024
    depth: int = 24
    heads: int = 16
    mlp_ratio: float = 4.0
    rope_base: float = 100.0


@dataclass(frozen=True)
class EfficientNetLiteConfig:
    """EfficientNet-Lite0 (Tan & Le 2019, without squeeze-and-excitation): small and quick on a CPU.

    Each stage is (kernel, stride, expansion, channels, repeats), in order.
    """

    kind: ClassVar[str] = "efficientnet_lite"
    stem_channels: int = 32
    stages: tuple[tuple[int, int, int, int, int], ...] = (
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 2),
        (5, 2, 6, 40, 2),
        (3, 2, 6, 80, 3),
        (5, 1, 6, 112, 3),
        (5, 2, 6, 192, 4),
        (3, 1, 6, 320, 1),
    )


@dataclass(frozen=True)
class TemporalContextConfig:
    """TCA (eq. 1, 2): the stride at distance Δ is min(2^⌊log2 Δ⌋, 2^(stride_levels-1))."""

    depth: int = 4
    stride_levels: int = 3


@dataclass(frozen=True)
class DynamicsMemoryConfig:
    """TDM (eq. 3, 4): correlation pyramid, look-up radius in cells, attention depth."""

    depth: int = 4
    pyramid_levels: int = 4
    radius: int = 4


@dataclass(frozen=True)
class CompressionTier:
    """PSM frames older than `older_than` frames are compressed by `kernel` = stride (t, y, x)."""

    older_than: int
    kernel: tuple[int, int, int]


@dataclass(frozen=True)
class StructureMemoryConfig:
    """PSM (eq. 5): depth of the writing encoder and the compression by age, youngest tier first."""

    depth: int = 4
    tiers: tuple[CompressionTier, ...] = (
        CompressionTier(older_than=0, kernel=(1, 1, 1)),
        CompressionTier(older_than=4, kernel=(1, 2, 2)),
        CompressionTier(older_than=16, kernel=(2, 4, 4)),
    )

    def __post_init__(self) -> None:
        ages = [tier.older_than for tier in self.tiers]
        if not ages or ages[0] != 0 or ages != sorted(set(ages)):
            raise ValueError(f"tiers must start at older_than=0 and grow strictly, got {ages}")
        spans = [tier.kernel[0] for tier in self.tiers]
        if spans[0] != 1 or any(b % a for a, b in itertools.pairwise(spans)):
            raise ValueError(f"temporal kernels must start at 1 and divide the next, got {spans}")


@dataclass(frozen=True)
class ReadoutConfig:
    """Algorithm 1: how often motion and structure are read in turn."""

    repetitions: int = 6


@dataclass(frozen=True)
class HeadConfig:
    """DPT heads (eq. 6): `taps` are the readout depths they look at, 0 being its input."""

    taps: tuple[int, int, int, int] = (0, 2, 4, 6)
    layer_widths: tuple[int, int, int, int] = (96, 192, 384, 768)
    fusion_width: int = 256
    output_width: int = 32


@dataclass(frozen=True)
class EvidenceConfig:
    """Geometric evidence beside the image, and heads that predict depth along known rays.

    Attributes:
        widths: channels of the evidence at strides 4, 8 and 16.
    """

    widths: tuple[int, int, int] = (24, 40, 64)


@dataclass(frozen=True)
class Mem4DConfig:
    """The whole network.

    Attributes:
        image_size: long side of its images, pixels.
        keeps_area: images wider or taller than 4:3 are longer than that, so that they have as many
            pixels; False: none is, as in the paper.
        rope_dims: how a head's channels are shared by the axes (t, y, x).
        evidence: takes rays, sparse depth and poses where they are known; None is the paper's
            network, which sees images alone.
    """

    encoder: ViTConfig | EfficientNetLiteConfig = field(default_factory=ViTConfig)
    image_size: int = 512
    keeps_area: bool = True
    patch_size: int = 16
    width: int = 768
    heads: int = 12
    mlp_ratio: float = 4.0
    rope_dims: tuple[int, int, int] = (16, 24, 24)
    rope_base: float = 100.0
    memory: MemorySizes = field(default_factory=MemorySizes)
    temporal_context: TemporalContextConfig = field(default_factory=TemporalContextConfig)
    dynamics_memory: DynamicsMemoryConfig = field(default_factory=DynamicsMemoryConfig)
    structure_memory: StructureMemoryConfig = field(default_factory=StructureMemoryConfig)
    readout: ReadoutConfig = field(default_factory=ReadoutConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    evidence: EvidenceConfig | None = None

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if sum(self.rope_dims) != self.width // self.heads or any(d % 2 for d in self.rope_dims):
            raise ValueError(
                f"rope_dims {self.rope_dims} must be even and add up to the head dimension "
                f"{self.width // self.heads}"
            )
        if max(self.head.taps) > self.readout.repetitions or min(self.head.taps) < 0:
            raise ValueError(
                f"head taps {self.head.taps} must lie in 0..{self.readout.repetitions}"
            )

    def with_memory(self, memory: MemorySizes) -> Mem4DConfig:
        """The same network with other default memory sizes."""
        return replace(self, memory=memory)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; :meth:`from_dict` is its inverse."""
        data = asdict(self)
        data["encoder"] = {"kind": self.encoder.kind, **data["encoder"]}
        return data

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Mem4DConfig:
        """Build a config from plain data.

        Raises:
            ValueError: an unknown or ill-typed key, named with its path.
        """
        data = dict(data)
        data.pop("pose_source", None)  # in checkpoints from when the network named it
        encoder = dict(data.pop("encoder", {"kind": ViTConfig.kind}))
        kind = encoder.pop("kind", None)
        if kind not in _ENCODERS:
            raise ValueError(f"encoder.kind must be one of {sorted(_ENCODERS)}, got {kind!r}")
        config: Mem4DConfig = build(Mem4DConfig, data)
        return replace(config, encoder=build(_ENCODERS[kind], encoder, "encoder"))


_ENCODERS: Mapping[str, type] = MappingProxyType(
    {cls.kind: cls for cls in (ViTConfig, EfficientNetLiteConfig)}
)

PRESETS: Mapping[str, Mem4DConfig] = MappingProxyType(
    {
        "large": Mem4DConfig(keeps_area=False),
        "lite": Mem4DConfig(
            encoder=EfficientNetLiteConfig(),
            image_size=256,
            width=160,
            heads=5,
            mlp_ratio=3.0,
            rope_dims=(8, 12, 12),
            temporal_context=TemporalContextConfig(depth=2),
            dynamics_memory=DynamicsMemoryConfig(depth=2, pyramid_levels=3, radius=3),
            structure_memory=StructureMemoryConfig(
                depth=2,
                tiers=(
                    CompressionTier(older_than=0, kernel=(1, 1, 1)),
                    CompressionTier(older_than=2, kernel=(1, 2, 2)),
                    CompressionTier(older_than=8, kernel=(4, 4, 4)),
                ),
            ),
            readout=ReadoutConfig(repetitions=3),
            head=HeadConfig(
                taps=(0, 1, 2, 3), layer_widths=(24, 32, 64, 96), fusion_width=32, output_width=16
            ),
            evidence=EvidenceConfig(),
        ),
    }
)
