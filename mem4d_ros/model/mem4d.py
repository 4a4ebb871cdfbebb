"""Mem4D (arXiv 2508.07908): the whole network, online (`step`) and over a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig, MemorySizes
from mem4d_ros.model.decoder import Readout, ReadoutDecoder
from mem4d_ros.model.dynamics_memory import FeaturePyramid, TransientDynamicsMemory
from mem4d_ros.model.encoder import build_encoder
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.evidence_encoder import FINEST, EncodedEvidence, EvidenceEncoder, PoseEmbedding
from mem4d_ros.model.guided_heads import EvidenceHeads
from mem4d_ros.model.heads import Heads
from mem4d_ros.model.layers import NORM_EPS, KeyValue
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.parts import Part
from mem4d_ros.model.sequence import enriched_sequence, motion_sequence
from mem4d_ros.model.stages import (
    ENCODER,
    EVIDENCE,
    HEADS,
    PSM_WRITE,
    READOUT,
    TCA,
    TDM,
    stage,
)
from mem4d_ros.model.state import MemoryState
from mem4d_ros.model.structure_memory import PersistentStructureMemory, StructureState
from mem4d_ros.model.temporal_context import ContextFrame, TemporalContextAggregator


@dataclass(frozen=True)
class EncodedImages:
    """Features (B, C, h, w) in the memory's width, and the encoder's pyramid."""

    features: Tensor
    pyramid: Mapping[int, Tensor]

    @property
    def grid(self) -> tuple[int, int]:
        """Patches (height, width)."""
        return self.features.shape[-2], self.features.shape[-1]

    @property
    def tokens(self) -> Tensor:
        """(B, n, C)."""
        return self.features.flatten(2).transpose(1, 2)

    def with_evidence(self, evidence: EncodedEvidence | None) -> EncodedImages:
        """These, with what the evidence adds to the features."""
        if evidence is None:
            return self
        additions = evidence.tokens.transpose(1, 2).unflatten(2, self.grid)  # (B, C, h, w)
        return EncodedImages(self.features + additions, self.pyramid)


@dataclass(frozen=True)
class Perceived:
    """Result of a step, all but the arrangement of the PSM.

    Attributes:
        window, motion: as in :class:`MemoryState`, for the next step.
        written: map (B, C, h, w) of the frame, for the PSM.
    """

    output: FrameOutput
    window: tuple[ContextFrame, ...]
    motion: tuple[FeaturePyramid, ...]
    written: Tensor


class Mem4D(nn.Module):
    """Online dynamic reconstruction with a transient and a persistent memory.

    `step` and `forward_sequence` are the same function of the images. `step` keeps what it has
    computed in the state; `forward_sequence` batches over time whatever does not wait for the
    previous frame's pointmap, which is what training needs.

    Attributes:
        token_multiple: the PSM's tokens are padded to a multiple of this, for those who need few
            different shapes; 1: they are not.
    """

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        self.config = config
        self.token_multiple = 1
        self.encoder = build_encoder(config.encoder, config.patch_size)
        self.embedding = nn.Sequential(
            nn.LayerNorm(self.encoder.width, eps=NORM_EPS),
            nn.Linear(self.encoder.width, config.width),
        )
        self.temporal_context = TemporalContextAggregator(config)
        self.dynamics_memory = TransientDynamicsMemory(config)
        self.structure_memory = PersistentStructureMemory(config)
        self.decoder = ReadoutDecoder(config)
        channels = self.encoder.pyramid_channels
        if config.evidence is None:
            self.heads: Heads | EvidenceHeads = Heads(config, channels)
        else:
            self.evidence_encoder = EvidenceEncoder(config, config.evidence)
            self.pose_embedding = PoseEmbedding(config.width)
            self.heads = EvidenceHeads(config, channels)

    @property
    def takes_evidence(self) -> bool:
        """Whether it can be told what is known of a frame besides its image."""
        return self.config.evidence is not None

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        """The state before a stream's first frame, with the config's memory sizes or others."""
        return MemoryState(memory or self.config.memory)

    def unrounded_layers(self) -> tuple[nn.Module, ...]:
        """Layers that write metres and radians: they keep float32 weights in any precision."""
        return self.heads.unrounded_layers()

    def fixed_shape_parts(self) -> tuple[nn.Module, ...]:
        """Parts whose inputs' shapes depend on the image alone, not on what is remembered."""
        return (
            self.encoder,
            self.structure_memory.blocks,
            self.heads,
        )

    def parts(self) -> tuple[Part, ...]:
        """The parts that are nearly all of the work, each a function of tensors."""
        evidence = (Part("evidence", self.evidence_encoder),) if self.takes_evidence else ()
        return (
            Part("encoder", self.encoder),
            *evidence,
            Part("TCA", self.temporal_context, stage=TCA),
            Part("TDM", self.dynamics_memory, stage=TDM),
            Part("readout", self.decoder, growing={"structure": -2}, stage=READOUT),
            *self.heads.parts(),
            Part("PSM write", self.structure_memory, "write"),
        )

    def step(
        self, image: Tensor, state: MemoryState, evidence: Evidence | None = None
    ) -> tuple[FrameOutput, MemoryState]:
        """Process the next frame of B streams.

        Args:
            image: (B, 3, H, W), RGB in [0, 1], H and W multiples of the patch size.
            state: from :meth:`initial_state` or the previous step.
            evidence: what else is known of the frame.

        Raises:
            ValueError: the image has another shape or type, its size is no multiple of the patch,
                or differs from the stream's; or evidence for a network that takes none.
        """
        _require_images(image, "(B, 3, H, W)")
        evidence = self._accepted(evidence)
        grid = self._grid(image)
        if state.grid not in (None, grid):
            raise ValueError(
                f"this stream has {state.grid} patches, the image has {grid}: "
                "a new image size needs a new state"
            )
        memory, structure = state.memory, state.structure
        seen = self.perceive(
            image,
            evidence,
            memory,
            state.window,
            state.motion,
            structure.key_value(self.token_multiple),
            _time(structure, image),
        )
        return seen.output, MemoryState(
            memory=memory,
            frame_index=state.frame_index + 1,
            grid=grid,
            window=seen.window,
            motion=seen.motion,
            structure=self._remember(structure, seen.written, memory.psm_size),
        )

    def perceive(
        self,
        image: Tensor,
        evidence: Evidence,
        memory: MemorySizes,
        window: tuple[ContextFrame, ...],
        motion: tuple[FeaturePyramid, ...],
        structure: KeyValue | None,
        now: Tensor,
    ) -> Perceived:
        """Nearly all of a step: a function of tensors, whose shapes settle with the memories.

        Args:
            image, evidence: as :meth:`step` takes them.
            memory: capacities of the memories.
            window, motion: as in :class:`MemoryState`.
            structure: all tokens of the PSM, None while it is empty.
            now: the PSM's time (), float64.
        """
        encoded = self.encode(image)
        height, width = grid = encoded.grid
        encoded_evidence = self._encode_evidence(evidence, image)
        encoded = encoded.with_evidence(encoded_evidence)
        window = self.temporal_context.aged(window)
        past = [frame.tokens for frame in window]
        enriched = self.temporal_context(encoded.tokens, past, height, width)
        moved = self.dynamics_memory(enriched, motion, height, width)
        output = self._frame(
            enriched, moved, structure, now, encoded.pyramid, evidence, encoded_evidence, grid
        )
        return Perceived(
            output,
            self.temporal_context.remember(window, encoded.features, memory.tca_window),
            self.dynamics_memory.remember(motion, enriched, *grid, memory.tdm_size),
            self._write(output),
        )

    @stage(PSM_WRITE)
    def encode_group(self, maps: tuple[Tensor, ...], tier: int, time: Tensor) -> KeyValue:
        """Keys and values of the PSM's tokens of one group of frames, in every readout layer.

        Args:
            maps: (B, C, h, w) of its frames.
            time: mean number of its frames (), float64.
        """
        tokens, rotation = self.structure_memory.compress(maps, tier, time)
        return self.decoder.structure_key_value(tokens, rotation)

    def forward_sequence(
        self,
        images: Tensor,
        memory: MemorySizes | None = None,
        evidence: Evidence | None = None,
    ) -> FrameOutput:
        """Process whole sequences from their first frame.

        Args:
            images: (B, T, 3, H, W), RGB in [0, 1].
            memory: sizes of the memories, the config's if None.
            evidence: what else is known of the frames, with shapes (B, T, …).

        Returns:
            Predictions with shapes (B, T, …).

        Raises:
            ValueError: as :meth:`step` does.
        """
        _require_images(images, "(B, T, 3, H, W)")
        memory = memory or self.config.memory
        evidence = self._accepted(evidence)
        batch, length = images.shape[:2]
        flat = images.flatten(0, 1)
        all_evidence = self._encode_evidence(evidence.flattened(), flat)
        encoded = self.encode(flat).with_evidence(all_evidence)
        features = encoded.features.unflatten(0, (batch, length))  # (B, T, C, h, w)
        enriched = enriched_sequence(self.temporal_context, features, memory.tca_window)
        motion = motion_sequence(self.dynamics_memory, enriched, encoded.grid, memory.tdm_size)
        structure = StructureState()
        outputs = []
        for t in range(length):
            rows = slice(t, None, length)  # frame t of each stream among B * T
            output = self._frame(
                enriched[:, t],
                motion[t],
                structure.key_value(),
                _time(structure, images),
                {stride: level[rows] for stride, level in encoded.pyramid.items()},
                evidence.at(t),
                all_evidence.rows(rows) if all_evidence else None,
                encoded.grid,
            )
            outputs.append(output)
            structure = self._remember(structure, self._write(output), memory.psm_size)
        return FrameOutput.stack(outputs)

    forward = forward_sequence

    @stage(ENCODER)
    def encode(self, image: Tensor) -> EncodedImages:
        """Encode images (B, 3, H, W)."""
        grid = self._grid(image)
        image = image.to(self.decoder.camera_token.dtype)
        seen = self.encoder(image)
        tokens = self.embedding(seen.tokens).transpose(1, 2)  # (B, C, n)
        features = tokens.unflatten(2, grid)
        if FINEST in seen.pyramid:
            return EncodedImages(features, seen.pyramid)
        return EncodedImages(features, {FINEST: F.avg_pool2d(image, FINEST), **seen.pyramid})

    def _grid(self, image: Tensor) -> tuple[int, int]:
        """Patches (height, width) of an image (B, 3, H, W)."""
        patch = self.config.patch_size
        height, width = image.shape[-2:]
        if height < patch or width < patch or height % patch or width % patch:
            raise ValueError(
                f"image is {width}x{height} px; both sides must be multiples of {patch}"
            )
        return height // patch, width // patch

    def _accepted(self, evidence: Evidence | None) -> Evidence:
        if evidence is not None and self.config.evidence is None:
            raise ValueError(
                "this network takes no evidence: its config has none, as the paper's has none"
            )
        return evidence or Evidence()

    @stage(EVIDENCE)
    def _encode_evidence(self, evidence: Evidence, image: Tensor) -> EncodedEvidence | None:
        """The evidence on images (B, 3, H, W) in the network's terms; None if it takes none."""
        return None if self.config.evidence is None else self.evidence_encoder(evidence, image)

    def _frame(
        self,
        enriched: Tensor,
        motion: Tensor,
        structure: KeyValue | None,
        now: Tensor,
        pyramid: Mapping[int, Tensor],
        evidence: Evidence,
        encoded_evidence: EncodedEvidence | None,
        grid: tuple[int, int],
    ) -> FrameOutput:
        """Algorithm 1 and the heads, for one frame of B streams."""
        place = None
        if encoded_evidence is not None:
            place = self.pose_embedding(evidence, encoded_evidence.rays)
        readout = self._read(enriched, motion, structure, now, grid, place)
        with stage(HEADS):
            return self.heads(readout, pyramid, grid, evidence, encoded_evidence)

    def _read(
        self,
        enriched: Tensor,
        motion: Tensor,
        structure: KeyValue | None,
        now: Tensor,
        grid: tuple[int, int],
        place: Tensor | None,
    ) -> Readout:
        """Algorithm 1; its time is that of the PSM, whose next frame the current one would be."""
        count = motion.shape[1] // enriched.shape[1]
        return self.decoder(
            enriched,
            self.decoder.rotation(now, *grid, like=enriched),
            motion,
            self.dynamics_memory.rotation(now, count, *grid, like=enriched),
            structure,
            place,
        )

    @stage(PSM_WRITE)
    def _write(self, output: FrameOutput) -> Tensor:
        return self.structure_memory.write(output.points_world, output.confidence_world)

    @stage(PSM_WRITE)
    def _remember(
        self, structure: StructureState, written: Tensor, capacity: int
    ) -> StructureState:
        return self.structure_memory.remember(
            structure, structure.written, written, capacity, self.encode_group
        )


def _time(structure: StructureState, image: Tensor) -> Tensor:
    """The PSM's time () on the image's device."""
    return torch.full((), structure.written, dtype=torch.float64, device=image.device)


def _require_images(images: Tensor, shape: str) -> None:
    """Raises ValueError for images of another shape than `shape`, or of whole numbers."""
    if images.dim() != shape.count(",") + 1 or images.shape[-3] != 3:
        raise ValueError(f"images must be {shape}, got {tuple(images.shape)}")
    if not images.is_floating_point():
        raise ValueError(
            f"images must be of floating point in [0, 1], got {images.dtype}: divide uint8 by 255"
        )
