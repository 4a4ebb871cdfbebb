"""What `mem4d convert` does: tensors are taken, counted and written."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mem4d_ros.cli.convert.notice import LICENCE, NOTICE
from mem4d_ros.cli.errors import UserError
from mem4d_ros.model import PRESETS
from mem4d_ros.training.pretrained.cut3r import ConvertedEncoder, Cut3rError, convert_encoder
from mem4d_ros.training.pretrained.foreign_pickle import ForeignCheckpointError, read_model_tensors
from mem4d_ros.writing import write_tensors


def convert(options: argparse.Namespace) -> int:
    """Convert, and say what was taken, left and missed."""
    try:
        converted = convert_encoder(read_model_tensors(options.checkpoint))
    except ForeignCheckpointError as error:
        raise UserError(str(error)) from error
    except Cut3rError as error:
        raise UserError(f"{options.checkpoint}: {error}") from error
    if not options.any_size:
        require_size_of_large(converted, options.checkpoint)
    print(describe(converted, list_names=options.names))
    write(converted, options.encoder)
    print(f"wrote {options.encoder}\n{NOTICE}")
    return 0


def require_size_of_large(converted: ConvertedEncoder, checkpoint: Path) -> None:
    """Raises UserError for an encoder that `large` cannot load."""
    large = PRESETS["large"]
    if (converted.config, converted.patch_size) != (large.encoder, large.patch_size):
        raise UserError(
            f"{checkpoint}: its encoder is {converted.config} with patches of "
            f"{converted.patch_size} px, but that of `large` is {large.encoder} with "
            f"{large.patch_size} px; --any-size converts it for a network of your own"
        )


def describe(converted: ConvertedEncoder, list_names: bool = False) -> str:
    """Summary of the tensors used, skipped and missing."""
    config = converted.config
    parameters = sum(weight.numel() for weight in converted.weights.values())
    lines = [
        f"ViT: width {config.width}, {config.depth} blocks, {config.heads} heads, patches of "
        f"{converted.patch_size} px, {parameters / 1e6:.2f} M parameters",
        f"took {_counted(converted.taken)}",
        f"left {_counted(converted.left)}",
        "missed nothing",
    ]
    if list_names:
        lines += [f"  took {name}" for name in converted.taken]
        lines += [f"  left {name}" for name in converted.left]
    return "\n".join(lines)


def _counted(names: Iterable[str]) -> str:
    """Numbers of tensors in all and under each first part of their names."""
    parts = Counter(name.split(".")[0] for name in names)
    listed = ", ".join(f"{part} {count}" for part, count in sorted(parts.items()))
    return f"{sum(parts.values())} tensors{': ' if parts else ''}{listed}"


def write(converted: ConvertedEncoder, path: Path) -> None:
    """Write the weights with their origin and licence; an existing file is replaced as a whole."""
    origin = {"source": "encoder of CUT3R (arXiv 2501.12387)", "licence": LICENCE}
    try:
        write_tensors(path, converted.weights, origin)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error}") from error
