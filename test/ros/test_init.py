"""What importing the layer sets up."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import mem4d_ros.ros
assert "torch" not in sys.modules
import os
print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("user", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_before_torch_is_loaded(user: str | None, expected: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    if user is not None:
        environment["OMP_WAIT_POLICY"] = user
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == expected
