"""A little of bench/fuzz.py: hostile images and CameraInfo are taken or rejected, never worse.

In a process of its own, which a crash of a decoder would end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "bench" / "fuzz.py"


@pytest.mark.long
def test_two_thousand_hostile_inputs() -> None:
    done = subprocess.run(
        [sys.executable, str(FUZZ), "--inputs", "2000"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-5000:]
    taken, rejected = (done.stdout.count(f" {word}: ") for word in ("taken", "rejected"))
    assert taken == 2  # both kinds of images
    assert rejected > 5  # reasons
