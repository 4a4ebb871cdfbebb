#!/bin/sh
# Usage: check_prerequisites.sh PYTHON
# Ends with one line that names what is missing to build the embedded ROS, and the remedy.
set -eu

fail() {
    echo "mem4d_ros: $1" >&2
    exit 1
}

PYTHON=$1

[ "$(uname -sm)" = "Linux x86_64" ] ||
    fail "the embedded ROS exists for Linux on x86-64 only, this is $(uname -sm). Remedy: use a ROS 2 distribution and 'colcon build', see README.md."
command -v "$PYTHON" >/dev/null ||
    fail "no Python: '$PYTHON' is not on PATH. Remedy: install Python 3.10 to 3.13, or name one: make PYTHON=/path/to/python3."
"$PYTHON" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' ||
    fail "'$PYTHON' is $("$PYTHON" --version 2>&1), but 3.10 to 3.13 is needed. Remedy: name another one: make PYTHON=python3.11."
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "'$PYTHON' has no venv or pip. Remedy: apt install python3-venv, or the like of your system."
command -v cmake >/dev/null ||
    fail "CMake is missing. Remedy: apt install cmake, or the like of your system."
command -v "${CC:-cc}" >/dev/null ||
    fail "a C compiler is missing ('${CC:-cc}' is not on PATH). Remedy: apt install build-essential, or the like of your system."
command -v "${CXX:-c++}" >/dev/null ||
    fail "a C++ compiler is missing ('${CXX:-c++}' is not on PATH). Remedy: apt install build-essential, or the like of your system."
"$PYTHON" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' ||
    fail "the headers of '$PYTHON' are missing. Remedy: apt install python3-dev, or the like of your system."
