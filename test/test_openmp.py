"""What is set up before torch is loaded."""

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
assert "torch" not in sys.modules
import os
print(os.environ.get("GOMP_SPINCOUNT"))
"""


@pytest.mark.parametrize("start", [NODE, COMMAND], ids=["node", "command"])
@pytest.mark.parametrize(
    ("user", "expected"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")],
    ids=["nothing set", "own spin count", "own policy"],
)
def test_openmp_spins_shortly_unless_the_user_says_otherwise(
    user: dict[str, str], expected: str, start: str
) -> None:
    ours = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    environment = {k: v for k, v in os.environ.items() if k not in ours} | user
    command = [sys.executable, "-c", PROGRAM.format(start=start)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == expected
