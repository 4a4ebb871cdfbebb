"""No part of the package runs what it reads: no shell, no eval, no pickle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("mem4d_ros", "launch", "embedded", "bench", "examples", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)
RUN_TEXT = {"eval", "exec", "compile", "__import__"}
RUN_SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
UNPICKLE = {
    f"{module}.{name}"
    for module in ("pickle", "_pickle", "dill", "cloudpickle", "marshal", "joblib", "pandas")
    for name in ("load", "loads", "Unpickler", "read_pickle")
} | {"shelve.open", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}
WITH_ARGUMENT = {"torch.load": ("weights_only", True)}
WITHOUT_ARGUMENT = {"shell": True, "allow_pickle": True, "weights_only": False}


def name_of(node: ast.expr) -> str:
    """Of a.b.c, or of a; empty for anything else."""
    if isinstance(node, ast.Attribute):
        owner = name_of(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def dangers(text: str) -> Iterator[str]:
    """What in a source could run what it reads."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from names & (RUN_SHELLS | UNPICKLE | set(WITH_ARGUMENT))
        if not isinstance(node, ast.Call):
            continue
        name = name_of(node.func)
        given = {
            keyword.arg: keyword.value.value
            for keyword in node.keywords
            if keyword.arg and isinstance(keyword.value, ast.Constant)
        }
        if name in RUN_TEXT | RUN_SHELLS | UNPICKLE:
            yield name
        if name in WITH_ARGUMENT:
            argument, value = WITH_ARGUMENT[name]
            if given.get(argument) is not value:
                yield f"{name} without {argument}={value}"
        for argument, value in WITHOUT_ARGUMENT.items():
            if given.get(argument, not value) is value:
                yield f"{name} with {argument}={value}"


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 200


def test_nothing_that_is_read_is_run() -> None:
    found = {str(path.relative_to(ROOT)): list(dangers(path.read_text())) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "pickle.loads(data)",
        "from pickle import loads",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, yaml.Loader)",
    ],
)
def test_each_danger_is_seen(text: str) -> None:
    assert list(dangers(text))


@pytest.mark.parametrize("text", ["model.eval()", "torch.load(path, weights_only=True)"])
def test_what_is_harmless_is_not(text: str) -> None:
    assert list(dangers(text)) == []
