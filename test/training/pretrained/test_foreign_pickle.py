"""Pickled checkpoints give their tensors and run nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from mem4d_ros.training.pretrained.foreign_pickle import (
    ForeignCheckpointError,
    Inert,
    read_model_tensors,
)

MODEL = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.float16)}


class Exploding:
    """A pickle that would create a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_tensors_come_back_and_arguments_are_not_evaluated(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    arguments = argparse.Namespace(model="print(1 / 0)", sizes=[1, 2], out=Path("/tmp"))
    torch.save({"args": arguments, "model": MODEL, "best_so_far": np.float64(0.5)}, path)
    tensors = read_model_tensors(path)
    assert tensors.keys() == MODEL.keys()
    assert all(torch.equal(tensors[name], tensor) for name, tensor in MODEL.items())


def test_a_configuration_of_omegaconf_passes_even_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public checkpoint's arguments are such a configuration."""
    config, metadata, node = (
        pretended("omegaconf." + name, monkeypatch)
        for name in ("dictconfig.DictConfig", "base.ContainerMetadata", "nodes.AnyNode")
    )
    vars(config).update(_metadata=metadata, _content={"model": node})
    path = tmp_path / "weights.pth"
    torch.save({"args": config, "model": MODEL}, path)
    monkeypatch.undo()
    assert read_model_tensors(path).keys() == MODEL.keys()


def pretended(full_name: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """An object of a class that is installed under this name until the patch is undone."""
    module, _, name = full_name.rpartition(".")
    kind = type(name, (), {"__module__": module})
    package = module.partition(".")[0]
    monkeypatch.setitem(sys.modules, package, ModuleType(package))
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    monkeypatch.setattr(sys.modules[module], name, kind, raising=False)
    return kind()


def test_what_stands_in_keeps_nothing() -> None:
    stand_in = Inert(1, key=2)
    stand_in.__setstate__({"a": 1})
    assert not vars(stand_in)


def exploding(path: Path) -> None:
    torch.save({"model": MODEL, "args": Exploding(path.with_name("exploded"))}, path)


def nothing(path: Path) -> None: ...


def nonsense(path: Path) -> None:
    path.write_bytes(b"nonsense" * 100)


def cut_short(path: Path) -> None:
    torch.save({"model": MODEL}, path)
    path.write_bytes(path.read_bytes()[:-200])


def bare(path: Path) -> None:
    torch.save(MODEL, path)


def no_tensors(path: Path) -> None:
    torch.save({"model": {"a": 1}}, path)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (nothing, "no such file"),
        (nonsense, "cannot be read safely"),
        (cut_short, "cannot be read safely"),
        (exploding, "holds .*pathlib.* beside tensors, which is not"),
        (bare, r"holds no table `model`, but \['a.weight', 'b'\]"),
        (no_tensors, "model.a is no tensor"),
    ],
)
def test_what_cannot_be_used_is_named(
    write: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    write(path)
    with pytest.raises(ForeignCheckpointError, match=rf"weights\.pth.*{message}"):
        read_model_tensors(path)
    assert not (tmp_path / "exploded").exists()
