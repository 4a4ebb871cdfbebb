"""Small networks that still have every part: they run in milliseconds."""

from __future__ import annotations

from dataclasses import replace

import torch

from mem4d_ros.model import Mem4D, Mem4DConfig, MemorySizes
from mem4d_ros.model.config import (
    CompressionTier,
    DynamicsMemoryConfig,
    EfficientNetLiteConfig,
    EvidenceConfig,
    HeadConfig,
    ReadoutConfig,
    StructureMemoryConfig,
    TemporalContextConfig,
    ViTConfig,
)

SMALL_PARTS = {
    "image_size": 64,
    "width": 32,
    "heads": 2,
    "rope_dims": (4, 6, 6),
    "memory": MemorySizes(tca_window=5, tdm_size=2, psm_size=12),
    "temporal_context": TemporalContextConfig(depth=2),
    "dynamics_memory": DynamicsMemoryConfig(depth=1, pyramid_levels=3, radius=1),
    "structure_memory": StructureMemoryConfig(
        depth=1,
        tiers=(
            CompressionTier(0, (1, 1, 1)),
            CompressionTier(2, (1, 2, 2)),
            CompressionTier(5, (2, 4, 4)),
        ),
    ),
    "readout": ReadoutConfig(repetitions=2),
    "head": HeadConfig(
        taps=(0, 1, 1, 2), layer_widths=(8, 8, 8, 8), fusion_width=8, output_width=8
    ),
}

SMALL_VIT = Mem4DConfig(encoder=ViTConfig(width=32, depth=1, heads=2), **SMALL_PARTS)
SMALL_CONVOLUTIONAL = Mem4DConfig(
    encoder=EfficientNetLiteConfig(
        stem_channels=4,
        stages=(
            (3, 1, 1, 4, 1),
            (3, 2, 2, 6, 1),
            (5, 2, 2, 8, 2),
            (3, 2, 2, 8, 1),
            (3, 2, 2, 8, 1),
        ),
    ),
    **SMALL_PARTS,
)

SMALL_EVIDENT = replace(SMALL_CONVOLUTIONAL, evidence=EvidenceConfig(widths=(4, 6, 8)))


SMALL_EVIDENCE = replace(SMALL_CONVOLUTIONAL, evidence=EvidenceConfig(widths=(6, 8, 8)))

SILENT_AT_FIRST = ("evidence_encoder.additions", "evidence_encoder.tokens", "pose_embedding")


def alive(model: Mem4D) -> Mem4D:
    """Weights large enough that every input visibly reaches every output."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith("heads.") and ".output." in name:
                weight.normal_(std=0.2)
            if name.startswith(SILENT_AT_FIRST):
                weight.normal_(std=0.1)
    return model.eval()


def small_model(config: Mem4DConfig) -> Mem4D:
    torch.manual_seed(0)
    return alive(Mem4D(config))
