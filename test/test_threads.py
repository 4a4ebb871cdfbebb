"""What is set up before torch and NumPy are loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NODE, COMMAND = (
    "import mem4d_ros.ros",
    "import mem4d_ros.cli.main as cli; cli.main(['completion', 'bash'])",
)
PROGRAM = """
import contextlib, io, sys
with contextlib.redirect_stdout(io.StringIO()):
    {start}
assert "torch" not in sys.modules and "numpy" not in sys.modules
import os
print(os.environ.get("GOMP_SPINCOUNT"), os.environ["OPENBLAS_NUM_THREADS"])
"""


@pytest.mark.parametrize("start", [NODE, COMMAND], ids=["node", "command"])
@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({}, "1000 1"),
        ({"GOMP_SPINCOUNT": "7"}, "7 1"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "None 1"),
        ({"OPENBLAS_NUM_THREADS": "3"}, "1000 3"),
    ],
    ids=["nothing set", "own spin count", "own policy", "own threads of NumPy"],
)
def test_threads_leave_cores_to_others_unless_the_user_says_otherwise(
    user: dict[str, str], expected: str, start: str
) -> None:
    ours = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_NUM_THREADS")
    environment = {k: v for k, v in os.environ.items() if k not in ours} | user
    command = [sys.executable, "-c", PROGRAM.format(start=start)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == expected
