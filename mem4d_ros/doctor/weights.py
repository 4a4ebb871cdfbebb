"""The checkpoint: is it there, whole, and a network that can be built?"""

from __future__ import annotations

import hashlib
from pathlib import Path

from mem4d_ros.doctor.finding import Finding

SUMS = "SHA256SUMS"
"""Beside the weights of the package, as `sha256sum` writes it; made by `make generate`."""
POINTER = b"version https://git-lfs"
FETCH = "fetch the package again (pip install --force-reinstall, or git checkout of the file)"


def check_weights(path: Path | None, name: str) -> Finding:
    """Load a checkpoint; None is of the preset `name`, which has no weights in the package."""
    if path is None:
        return Finding(
            "checkpoint.weights",
            "warning",
            f"the preset {name} comes without weights",
            "give a checkpoint: model.checkpoint of the node, --checkpoint of the commands",
        )
    if not path.is_file():
        return _wrong(path, "is not there", "give the path of a .safetensors file")
    content = path.read_bytes()
    if content.startswith(POINTER):
        return _wrong(path, "is a pointer of git-lfs, not the file", "git lfs pull")
    digest = hashlib.sha256(content).hexdigest()
    expected = expected_digest(path)
    if expected not in (None, digest):
        return _wrong(path, "is not the file that was packed (SHA-256 differs)", FETCH)
    return _loaded(path, digest, "as packed" if expected else "of your own")


def expected_digest(path: Path) -> str | None:
    """SHA-256 of a file as SHA256SUMS beside it says; None where that says nothing."""
    sums = path.with_name(SUMS)
    if not sums.is_file():
        return None
    lines = (line.split() for line in sums.read_text(encoding="utf-8").splitlines())
    return {name.lstrip("*"): digest for digest, name in lines}.get(path.name)


def sums(folder: Path) -> str:
    """SHA256SUMS of a folder of checkpoints."""
    files = sorted(folder.glob("*.safetensors"))
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    return "".join(lines)


def _loaded(path: Path, digest: str, origin: str) -> Finding:
    """Whether a network can be built of it."""
    from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint
    from mem4d_ros.model.config import PRESETS

    try:
        model = load_checkpoint(path)
    except CheckpointError as error:
        return _wrong(path, f"cannot be used: {str(error).removeprefix(f'{path}: ')}", FETCH)
    preset = next((name for name, each in PRESETS.items() if each == model.config), "")
    parameters = sum(weight.numel() for weight in model.parameters())
    return Finding(
        "checkpoint.weights",
        "ok",
        f"{path.name}, {origin}: {preset or 'a network of your own'},"
        f" {parameters / 1e6:.1f} M parameters",
        facts={"path": str(path), "sha256": digest, "preset": preset, "parameters": parameters},
    )


def _wrong(path: Path, what: str, remedy: str) -> Finding:
    return Finding(
        "checkpoint.weights", "error", f"{path} {what}", remedy, facts={"path": str(path)}
    )


if __name__ == "__main__":
    print(sums(Path(__file__).parents[1] / "weights"), end="")
