"""The whole demo in its three processes, as `make demo` runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

DEMO = [sys.executable, "-m", "mem4d_ros.ros.demo"]


def environment() -> dict[str, str]:
    return {**os.environ, "ROS_DOMAIN_ID": str(100 + os.getpid() % 100)}


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_frame_of_a_folder_is_accounted_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for index in range(8):
        cv2.imwrite(str(tmp_path / f"{index}.png"), rng.integers(0, 255, (96, 128, 3), np.uint8))
    out = tmp_path / "out"
    result = run_demo("--source", str(tmp_path), "--rate", "2", "--out", str(out))
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads((out / "report.json").read_text())
    assert report["sent"] == report["received"] == 8
    assert report["processed"] + report["dropped"] == 8
    assert "frames sent by the source" in result.stdout
    assert (out / "summary.png").exists()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_by_itself_it_is_as_fast_as_the_machine(tmp_path: Path) -> None:
    """However slow that is, no image is passed over."""
    result = run_demo("--frames", "6", "--param", "model.threads:=1", "--out", str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["processed"] == report["sent"] == 6
    assert "images come as fast as this machine takes them" in result.stdout
    assert "\n    0 frames in" not in result.stdout  # nothing moves while the scene is rendered
    assert result.stdout.splitlines()[-1].startswith("demo: 6 of 6 images became depth")


def test_a_missing_source_is_one_line(tmp_path: Path) -> None:
    result = run_demo("--source", str(tmp_path / "nowhere"))
    assert result.returncode == 1
    assert result.stderr.strip() == f"demo: SOURCE {tmp_path / 'nowhere'} does not exist"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_broken_source_ends_the_demo(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"no image")
    result = run_demo("--source", str(tmp_path), "--out", str(tmp_path / "out"))
    assert result.returncode == 1
    assert "image.png" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_node_that_cannot_start_ends_the_demo(tmp_path: Path) -> None:
    result = run_demo("--param", "model.device:=cuda:99", "--out", str(tmp_path))
    assert result.returncode == 1
    assert "cuda:99 is not available" in result.stderr
    assert "the node ended with status 1" in result.stderr


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_viewer_that_cannot_be_served_ends_it(tmp_path: Path) -> None:
    """Nobody can open it: waiting for a browser would be in vain."""
    with ExitStack() as stack:
        with suppress(OSError):  # somebody else has it already
            stack.enter_context(socket.create_server(("127.0.0.1", 8080)))
        result = run_demo("--frames", "2", "--view", "--out", str(tmp_path))
    assert result.returncode == 1
    assert "the viewer cannot be served at 127.0.0.1:8080" in result.stderr
    assert result.stderr.splitlines()[-1] == "demo: the viewer ended with status 1, see above"


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ended_from_outside_it_leaves_no_process_behind(
    ending: signal.Signals, tmp_path: Path
) -> None:
    """As in the background of a shell, which lets its processes ignore Ctrl-C."""
    command = f"trap '' INT; exec {' '.join(DEMO)} --out {tmp_path}"
    demo = subprocess.Popen(
        ["sh", "-c", command],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if "rendering" in line:
            break
    demo.send_signal(ending)
    said = demo.stdout.read()  # ends when the last child has closed it
    assert demo.wait() == 130
    assert said.splitlines()[-1] == "demo: stopped"
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)


def test_results_that_have_no_place_are_refused_before_the_demo(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run_demo("--out", str(tmp_path / "file"))
    assert result.returncode == 1
    assert result.stderr.strip().startswith(f"demo: OUT {tmp_path / 'file'} can be no folder")


def test_a_rate_is_above_0() -> None:
    result = run_demo("--rate", "-3")
    assert result.returncode == 2
    assert "-3 is no rate above 0" in result.stderr
