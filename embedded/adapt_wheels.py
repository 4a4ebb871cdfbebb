"""Adapt the ROS wheels of PyPI to the environment they were installed into.

Run it with the interpreter of that environment, after every installation:

- The message wheels' CMake exports name the Python folders of the machine that built them, such as
  `/opt/python/cp311-cp311/include/python3.11`; until these are this interpreter's, no interface
  package can be generated against them.
- Nothing sets AMENT_PREFIX_PATH, by which ROS finds the packages' shared files; a `.pth` file
  makes the environment its default for every Python program started in it.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

BUILDER_PREFIX = r"/opt/python/cp\d+-cp\d+"
BUILDER_SITE_PACKAGES = re.compile(BUILDER_PREFIX + r"/lib/python[\d.]+/site-packages")
BUILDER_INCLUDE = re.compile(BUILDER_PREFIX + r"/include/python[\d.]+")
PREFIX_PATH_DEFAULT = 'import os, sys; os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)\n'


def with_folders(text: str, site_packages: str, include: str) -> str:
    """Return the CMake export `text` with the builder's Python folders replaced."""
    text = BUILDER_SITE_PACKAGES.sub(lambda _: site_packages, text)
    return BUILDER_INCLUDE.sub(lambda _: include, text)


def main() -> None:
    paths = sysconfig.get_paths()
    for export in Path(sys.prefix, "share").glob("*/cmake/*Export*.cmake"):
        export.write_text(with_folders(export.read_text(), paths["platlib"], paths["include"]))
    Path(paths["purelib"], "ament_prefix_path.pth").write_text(PREFIX_PATH_DEFAULT)


if __name__ == "__main__":
    main()
