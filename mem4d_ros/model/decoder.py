"""The readout (algorithm 1): camera and image tokens read motion and structure in turn."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.layers import NORM_EPS, BlockStack, KeyValue
from mem4d_ros.model.rope import MovingRotation, Rotation, Tables, camera_position, grid_positions
from mem4d_ros.model.stages import PSM_READ, READOUT, stage


@dataclass(frozen=True)
class Readout:
    """Input of the heads.

    Attributes:
        camera: camera token (B, C).
        taps: image tokens (B, n, C) at the depths the dense heads ask for, shallow to deep.
    """

    camera: Tensor
    taps: tuple[Tensor, ...]


class ReadoutDecoder(nn.Module):
    """Repeats MotionReadBlock over the TDM, then SpatialReadBlock over the PSM.

    Queries are the camera and current tokens; keys and values are theirs and the memory's. A
    memory's tokens are not updated on the way, so their keys and values can be kept.
    """

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        self.taps = config.head.taps
        self.rope = (config.rope_dims, config.rope_base)
        self._tables = Tables()
        self.camera_token = nn.Parameter(torch.zeros(1, 1, config.width))
        nn.init.normal_(self.camera_token, std=0.02)
        sizes = (config.readout.repetitions, config.width, config.heads, config.mlp_ratio)
        self.motion_blocks = BlockStack(*sizes)
        self.spatial_blocks = BlockStack(*sizes)
        self.camera_norm = nn.LayerNorm(config.width, eps=NORM_EPS)
        self.tap_norms = nn.ModuleList(nn.LayerNorm(config.width, eps=NORM_EPS) for _ in self.taps)

    def rotation(self, now: float | Tensor, height: int, width: int, like: Tensor) -> Rotation:
        """Rotations of the camera token, then of the grid's tokens, at the PSM's time."""

        def table() -> MovingRotation:
            tokens = grid_positions([0], height, width, device=like.device)
            camera = camera_position(0, height, width, device=like.device)
            return MovingRotation(torch.cat((camera, tokens)), *self.rope)

        return self._tables.get((height, width, like.device), table).at(now, like)

    def structure_key_value(self, tokens: Tensor, rotation: Rotation) -> KeyValue:
        """Keys and values (layers, B, heads, m, d) that PSM tokens (B, m, C) offer each layer."""
        layers = [block.key_value(tokens, rotation) for block in self.spatial_blocks]
        return KeyValue(
            torch.stack([layer.key for layer in layers]),
            torch.stack([layer.value for layer in layers]),
        )

    @stage(READOUT)
    def forward(
        self,
        current: Tensor,
        rotation: Rotation,
        motion: Tensor,
        motion_rotation: Rotation,
        structure: KeyValue | None,
        place: Tensor | None = None,
    ) -> Readout:
        """Read both memories.

        Args:
            current: enriched tokens (B, n, C).
            rotation: of the camera token, then of the current tokens (1 + n).
            motion: TDM tokens (B, m, C), m may be 0; motion_rotation: theirs.
            structure: from :meth:`structure_key_value`, None while the PSM is empty.
            place: what a known pose adds to the camera and current tokens, (B, 1 + n, C).
        """
        camera = self.camera_token.expand(current.shape[0], -1, -1)
        x = torch.cat((camera, current), dim=1)  # (B, 1 + n, C)
        if place is not None:
            x = x + place
        depths = [x]
        for layer, (read_motion, read_structure) in enumerate(
            zip(self.motion_blocks, self.spatial_blocks, strict=True)
        ):
            x = read_motion(x, rotation, read_motion.key_value(motion, motion_rotation))
            with stage(PSM_READ):
                x = read_structure(x, rotation, structure.layer(layer) if structure else None)
            depths.append(x)
        return Readout(
            camera=self.camera_norm(x[:, 0]),
            taps=tuple(
                norm(depths[tap][:, 1:])
                for norm, tap in zip(self.tap_norms, self.taps, strict=True)
            ),
        )
