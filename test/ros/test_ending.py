"""A process ends when it is asked to, however often and wherever the signals arrive."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

PROGRAM = textwrap.dedent("""
    import sys, threading
    from mem4d_ros.ros.ending import Ending

    ending = Ending()
    assert not ending.is_due
    for _ in range(8):  # any of them may get the signal
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    {more}
    print("ready", flush=True)
    ending.wait()
    assert ending.is_due
    print("ended", flush=True)
""")


def started(more: str = "") -> subprocess.Popen[str]:
    program = PROGRAM.format(more=more)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if not more:
        assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    process = started()
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "ended\n"
    assert process.returncode == 0


def test_signals_in_quick_succession_end_it() -> None:
    """As of a launch file and its terminal; who waits for an Event hangs every third time."""
    for _ in range(10):
        process = started()
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
        assert process.communicate(timeout=20)[0] == "ended\n"


def test_a_thread_ends_it() -> None:
    process = started("threading.Timer(0.1, ending.come).start()")
    assert process.communicate(timeout=20)[0] == "ready\nended\n"
