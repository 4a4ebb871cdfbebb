"""Where converted parts are kept, and what was measured of them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from mem4d_ros.model.parts import Part
from mem4d_ros.writing import write_text


def user_folder() -> Path:
    """mem4d_ros/engines in the user's cache (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "mem4d_ros" / "engines"


@dataclass(frozen=True)
class Timing:
    """Seconds of the fastest call, by torch and by the engine, taken in turn, on a machine."""

    torch_s: float
    engine_s: float
    machine: str

    @property
    def ratio(self) -> float:
        """How many times as fast the engine is."""
        return self.torch_s / self.engine_s


@dataclass(frozen=True)
class ConvertedPart:
    """A part's file for arguments of one layout; its name says of which weights it was made."""

    path: Path

    @staticmethod
    def of(part: Part, layout: str, folder: Path) -> ConvertedPart:
        """The file in a folder, which may not be there yet."""
        digest = hashlib.sha256(f"{part.name}\n{layout}\n{torch.__version__}\n".encode())
        for name, weight in sorted(part.module.state_dict().items()):
            digest.update(name.encode())
            digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
        name = f"{part.name.replace(' ', '-')}-{digest.hexdigest()[:16]}.onnx"
        return ConvertedPart(folder / name)

    @property
    def _notes(self) -> Path:
        return self.path.with_suffix(".json")

    def timing(self, machine: str) -> Timing | None:
        """What was measured on this machine; None: nothing yet."""
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
            timing = Timing(**notes["timing"])
        except (OSError, ValueError, KeyError, TypeError):  # not there, or another version's
            return None
        return timing if timing.machine == machine else None

    def note(self, timing: Timing) -> None:
        """Keep what was measured. Raises OSError."""
        write_text(self._notes, json.dumps({"timing": asdict(timing)}, indent=1) + "\n")
