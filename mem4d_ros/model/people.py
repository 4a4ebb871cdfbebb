"""Patches that show people, told from the features.

No part of the paper's network. A camera that follows people sees them stand still, so that
neither the image nor depth tells them from what does stand still; what they look like does.
"""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from mem4d_ros.model.checkpoint_header import CheckpointError, named_errors
from mem4d_ros.writing import write_tensors

HIDDEN = 64
SUFFIX = "_people"


class PeopleHead(nn.Module):
    """Two layers for each patch by itself, on features that the TCA keeps of a frame."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, HIDDEN)
        self.logit = nn.Linear(HIDDEN, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Log odds (B, h, w) that a patch shows people, of features (B, C, h, w)."""
        hidden = self.hidden(features.permute(0, 2, 3, 1)).relu()  # (B, h, w, HIDDEN)
        return self.logit(hidden)[..., 0]


def people_beside(checkpoint: Path) -> Path | None:
    """The file of the head that goes with a checkpoint; None where there is none."""
    path = checkpoint.with_name(f"{checkpoint.stem}{SUFFIX}{checkpoint.suffix}")
    return path if path.is_file() else None


def save_people(path: Path, head: PeopleHead) -> None:
    """Write a head; an existing file is replaced as a whole."""
    write_tensors(path, head.state_dict())


def load_people(path: Path, width: int) -> PeopleHead:
    """The head for features of so many channels, in fp32, in evaluation mode.

    Raises:
        CheckpointError: the file cannot be read, or is not a head of this width.
    """
    with named_errors(path):
        weights = load_file(path)
    head = PeopleHead(width)
    expected = {name: weight.shape for name, weight in head.state_dict().items()}
    if {name: weight.shape for name, weight in weights.items()} != expected:
        raise CheckpointError(
            f"{path}: no head for features of {width} channels; fetch it again, or remove it"
        )
    head.load_state_dict(weights)
    return head.eval()
