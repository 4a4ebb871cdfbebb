"""Mem4D (arXiv 2508.07908): the whole network, online (`step`) and over a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig, MemorySizes
from mem4d_ros.model.decoder import Readout, ReadoutDecoder
from mem4d_ros.model.dynamics_memory import FeaturePyramid, TransientDynamicsMemory
from mem4d_ros.model.encoder import build_encoder
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.heads import CameraHead, PointmapHead
from mem4d_ros.model.layers import NORM_EPS
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.rope import Rotation, camera_position, grid_positions, rotation
from mem4d_ros.model.state import ContextFrame, MemoryState
from mem4d_ros.model.structure_memory import PersistentStructureMemory, StructureState
from mem4d_ros.model.temporal_context import TemporalContextAggregator


@dataclass(frozen=True)
class EncodedImages:
    """Features (B, C, h, w) in the memory's width, and the encoder's pyramid."""

    features: Tensor
    pyramid: tuple[Tensor, ...]

    @property
    def grid(self) -> tuple[int, int]:
        """Patches (height, width)."""
        return self.features.shape[-2], self.features.shape[-1]

    @property
    def tokens(self) -> Tensor:
        """(B, n, C)."""
        return self.features.flatten(2).transpose(1, 2)


class Mem4D(nn.Module):
    """Online dynamic reconstruction with a transient and a persistent memory.

    `step` and `forward_sequence` are the same function of the images. `step` keeps what it has
    computed in the state; `forward_sequence` batches over time whatever does not wait for the
    previous frame's pointmap, which is what training needs.
    """

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = build_encoder(config.encoder, config.patch_size)
        self.embedding = nn.Sequential(
            nn.LayerNorm(self.encoder.width, eps=NORM_EPS),
            nn.Linear(self.encoder.width, config.width),
        )
        self.temporal_context = TemporalContextAggregator(config)
        self.dynamics_memory = TransientDynamicsMemory(config)
        self.structure_memory = PersistentStructureMemory(config)
        self.decoder = ReadoutDecoder(config)
        self.global_head = PointmapHead(config, self.encoder.pyramid_channels)
        self.self_head = PointmapHead(config, self.encoder.pyramid_channels)
        self.camera_head = CameraHead(config)

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        """The state before a stream's first frame, with the config's memory sizes or others."""
        return MemoryState(memory or self.config.memory)

    def unrounded_layers(self) -> tuple[nn.Module, ...]:
        """Layers that write metres and radians: they keep float32 weights in any precision."""
        return (self.global_head.output, self.self_head.output, self.camera_head.output)

    def fixed_shape_parts(self) -> tuple[nn.Module, ...]:
        """Parts whose inputs' shapes depend on the image alone, not on what is remembered."""
        return (
            self.encoder,
            self.structure_memory.blocks,
            self.global_head,
            self.self_head,
            self.camera_head,
        )

    def step(self, image: Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        """Process the next frame of B streams.

        Args:
            image: (B, 3, H, W), RGB in [0, 1], H and W multiples of the patch size.
            state: from :meth:`initial_state` or the previous step.
        Raises:
            ValueError: the size is no multiple of the patch, or differs from the stream's.
        """
        encoded = self.encode(image)
        height, width = grid = encoded.grid
        if state.grid not in (None, grid):
            raise ValueError(
                f"this stream has {state.grid} patches, the image has {grid}: "
                "a new image size needs a new state"
            )
        window = self._aged(state.window)
        past = [frame.tokens for frame in window]
        enriched = self.temporal_context(encoded.tokens, past, height, width)
        motion = self.dynamics_memory(enriched, state.motion, height, width)
        readout = self._read(enriched, motion, state.structure, grid)
        points, confidence = self.global_head(readout.taps, encoded.pyramid, height, width)
        output = self._output(readout, encoded.pyramid, points, confidence, grid)
        return output, MemoryState(
            memory=state.memory,
            frame_index=state.frame_index + 1,
            grid=grid,
            window=self._window(encoded.features, window, state.memory.tca_window),
            motion=self._motion(enriched, state.motion, grid, state.memory.tdm_size),
            structure=self._remember(state.structure, points, confidence, state.memory.psm_size),
        )

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
        Returns:
            Predictions with shapes (B, T, …).
        """
        memory = memory or self.config.memory
        batch, length = images.shape[:2]
        encoded = self.encode(images.flatten(0, 1))
        height, width = grid = encoded.grid
        features = encoded.features.unflatten(0, (batch, length))  # (B, T, C, h, w)
        pyramid = [level.unflatten(0, (batch, length)) for level in encoded.pyramid]
        enriched = self._enrich_sequence(features, memory.tca_window)  # (B, T, n, C)
        motion = self._motion_sequence(enriched, memory.tdm_size, grid)
        structure = StructureState()
        outputs = []
        for t in range(length):
            maps = [level[:, t] for level in pyramid]
            readout = self._read(enriched[:, t], motion[t], structure, grid)
            points, confidence = self.global_head(readout.taps, maps, height, width)
            outputs.append(self._output(readout, maps, points, confidence, grid))
            structure = self._remember(structure, points, confidence, memory.psm_size)
        return FrameOutput.stack(outputs)

    forward = forward_sequence

    def encode(self, image: Tensor) -> EncodedImages:
        """Encode images (B, 3, H, W)."""
        patch = self.config.patch_size
        height, width = image.shape[-2:]
        if height < patch or width < patch or height % patch or width % patch:
            raise ValueError(
                f"image is {width}x{height} px; both sides must be multiples of {patch}"
            )
        seen = self.encoder(image.to(self.decoder.camera_token.dtype))
        tokens = self.embedding(seen.tokens).transpose(1, 2)  # (B, C, n)
        return EncodedImages(tokens.unflatten(2, (height // patch, width // patch)), seen.pyramid)

    def _read(
        self,
        enriched: Tensor,
        motion: Tensor,
        structure: StructureState,
        grid: tuple[int, int],
    ) -> Readout:
        """Algorithm 1; its time is that of the PSM, whose next frame the current one would be."""
        now, count = structure.written, motion.shape[1] // enriched.shape[1]
        return self.decoder(
            enriched,
            self._readout_rotation(now, grid, enriched),
            motion,
            self.dynamics_memory.rotation(now, count, *grid, like=enriched),
            structure.key_value(),
        )

    def _readout_rotation(self, now: int, grid: tuple[int, int], like: Tensor) -> Rotation:
        """Rotations of the camera token, then of the grid's tokens."""
        positions = torch.cat(
            (
                camera_position(now, *grid, device=like.device),
                grid_positions([now], *grid, device=like.device),
            )
        )
        return rotation(positions, self.config.rope_dims, self.config.rope_base).to(like)

    def _output(
        self,
        readout: Readout,
        pyramid: list[Tensor] | tuple[Tensor, ...],
        points_world: Tensor,
        confidence_world: Tensor,
        grid: tuple[int, int],
    ) -> FrameOutput:
        points_camera, confidence_camera = self.self_head(readout.taps, pyramid, *grid)
        field_of_view, quaternion, translation = self.camera_head(readout.camera)
        return FrameOutput(
            points_world,
            confidence_world,
            points_camera,
            confidence_camera,
            quaternion,
            translation,
            field_of_view,
        )

    def _remember(
        self,
        structure: StructureState,
        points_world: Tensor,
        confidence_world: Tensor,
        capacity: int,
    ) -> StructureState:
        features = self.structure_memory.write(points_world, confidence_world)
        project = self.decoder.structure_key_value
        return self.structure_memory.remember(
            structure, structure.written, features, capacity, project
        )

    def _aged(self, window: tuple[ContextFrame, ...]) -> tuple[ContextFrame, ...]:
        """The window one step later: tokens are recomputed only where the stride changes."""
        aged = []
        for distance, frame in enumerate(window, start=1):
            level = self.temporal_context.level(distance)
            aged.append(frame if frame.level == level else self._context(frame.features, level))
        return tuple(aged)

    def _context(self, features: Tensor, level: int) -> ContextFrame:
        return ContextFrame(features, level, self.temporal_context.compress(features, level))

    def _window(
        self, features: Tensor, window: tuple[ContextFrame, ...], capacity: int
    ) -> tuple[ContextFrame, ...]:
        if capacity == 0:
            return ()
        newest = self._context(features, self.temporal_context.level(1))
        return (newest, *window)[:capacity]

    def _motion(
        self,
        enriched: Tensor,
        motion: tuple[FeaturePyramid, ...],
        grid: tuple[int, int],
        capacity: int,
    ) -> tuple[FeaturePyramid, ...]:
        if capacity == 0:
            return ()
        return (self.dynamics_memory.pyramid(enriched, *grid), *motion)[:capacity]

    def _enrich_sequence(self, features: Tensor, window: int) -> Tensor:
        """TCA of all frames (B, T, C, h, w), batched over those with equally many past frames."""
        batch, length, _, height, width = features.shape
        enriched = []
        for start, stop in _spans(length, window):
            current = features[:, start:stop].flatten(0, 1).flatten(2).transpose(1, 2)
            past = [
                self.temporal_context.compress(
                    features[:, start - distance : stop - distance].flatten(0, 1),
                    self.temporal_context.level(distance),
                )
                for distance in range(1, min(start, window) + 1)
            ]
            tokens = self.temporal_context(current, past, height, width)  # (B * t, n, C)
            enriched.append(tokens.unflatten(0, (batch, stop - start)))
        return torch.cat(enriched, dim=1)

    def _motion_sequence(self, enriched: Tensor, size: int, grid: tuple[int, int]) -> list[Tensor]:
        """TDM tokens (B, m, C) of all frames (B, T, n, C), batched likewise."""
        batch, length = enriched.shape[:2]
        motion: list[Tensor] = []
        for start, stop in _spans(length, size):
            past = [
                self.dynamics_memory.pyramid(
                    enriched[:, start - distance : stop - distance].flatten(0, 1), *grid
                )
                for distance in range(1, min(start, size) + 1)
            ]
            tokens = self.dynamics_memory(enriched[:, start:stop].flatten(0, 1), past, *grid)
            motion += tokens.unflatten(0, (batch, stop - start)).unbind(dim=1)
        return motion


def _spans(length: int, memory: int) -> list[tuple[int, int]]:
    """Ranges of frames that see equally many past frames: 0, 1, …, and all that see `memory`."""
    growing = [(t, t + 1) for t in range(min(memory, length))]
    return growing + ([(memory, length)] if length > memory else [])
