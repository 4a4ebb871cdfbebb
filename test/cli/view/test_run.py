"""`mem4d view` as a program: what it serves, and what it says where it cannot."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from export_records import make_record, moving_pixels
from made_up_maps import made_up_map

from mem4d_ros.mapping import save_map
from mem4d_ros.runtime.export import RecordFolder, write_ply

pytest.importorskip("viser", reason="serves the scene")


def saved_map(folder: Path) -> None:
    save_map(folder, made_up_map(seed=1))


def finished(folder: Path) -> None:
    records = RecordFolder(folder)
    for index in range(3):
        records.append(make_record(index))
        records.add_moving(index, moving_pixels(index))
    write_ply(folder / "static_cloud.ply", make_record(2).points())


def command(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mem4d_ros.cli.main", "view", *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("make", [saved_map, finished])
def test_it_serves_what_is_finished_until_it_is_interrupted(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "office")
    program = command(tmp_path / "office")
    assert program.stdout is not None
    address = next(word for word in program.stdout.readline().split() if word.startswith("http"))
    with urllib.request.urlopen(address) as page:
        assert b"<html" in page.read().lower()
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 0, errors


def test_a_source_that_is_not_there_is_one_line_that_says_what_may_be_given(
    tmp_path: Path,
) -> None:
    program = command(tmp_path / "nowhere")
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 1
    (line,) = errors.splitlines()
    assert "nowhere does not exist: give a folder of mem4d reconstruct, a saved map" in line


def test_a_damaged_map_is_named_in_one_line(tmp_path: Path) -> None:
    saved_map(tmp_path / "office")
    (tmp_path / "office" / "map.json").write_text("{")
    program = command(tmp_path / "office")
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 1
    (line,) = errors.splitlines()
    assert "office is damaged" in line
