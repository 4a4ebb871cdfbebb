"""Whatever ends a command early is one line, with the exit status that a shell expects."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mem4d_ros.cli.errors import UserError, exit_status

MEM4D = (sys.executable, "-m", "mem4d_ros.cli.main")


def raising(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("the file is\nnot there"), "the file is not there"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.mp4"), "a.mp4: No such"),
        (PermissionError(errno.EACCES, "Permission denied", "/out"), "/out: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device", "b.npy"), "b.npy: No space left"),
        (ModuleNotFoundError("no yaml", name="yaml.nodes"), "this needs the package yaml: pip"),
        (ModuleNotFoundError("no foo", name="foo"), "a fault of mem4d, please report it: Module"),
        (MemoryError("of 8 GB"), "out of memory: take a smaller network"),
        (ZeroDivisionError("by 0"), "please report it: ZeroDivisionError: by 0 (--verbose shows"),
    ],
)
def test_an_error_is_one_line(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("mem4d do", lambda: raising(error), verbose=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("mem4d do: ")
    assert line in said
    assert said.count("\n") == 1


def test_verbose_shows_where_before_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("mem4d do", lambda: raising(UserError("x")), verbose=True) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("Traceback")
    assert any("test_errors.py" in line for line in said)
    assert said[-1] == "mem4d do: x"


def test_ctrl_c_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("mem4d do", lambda: raising(KeyboardInterrupt()), verbose=False) == 130
    assert capsys.readouterr().err == "mem4d do: interrupted\n"


@pytest.mark.parametrize("arguments", [["--help"], ["reconstruct", "--help"]])
def test_a_reader_that_goes_away_is_no_error(arguments: list[str]) -> None:
    """As `mem4d … | head` does."""
    read, write = os.pipe()
    os.close(read)
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(
        [*MEM4D, *arguments], stdout=write, stderr=subprocess.PIPE, text=True, env=buffered
    )
    os.close(write)
    assert done.returncode == 141
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_one_line() -> None:
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    with open("/dev/full", "w") as full:
        command = [*MEM4D, "completion", "bash"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=buffered)
    assert done.returncode == 1
    assert done.stderr == "mem4d completion: No space left on device\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere.mp4", "nowhere.mp4 does not exist"),
        ("empty", "empty holds no images"),
        ("text.mp4", "text.mp4 is not a video"),
        ("cut_off.mp4", "cut_off.mp4 is not a video"),
        ("text.bag", "text.bag is not a readable ROS bag"),
    ],
)
def test_a_source_of_no_use_is_one_line(source: str, reason: str, tmp_path: Path) -> None:
    """In a process of its own, so that what C++ libraries say is seen."""
    pytest.importorskip("rosbags")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("no video")
    start_of_mp4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free"
    (tmp_path / "cut_off.mp4").write_bytes(start_of_mp4)
    (tmp_path / "text.bag").write_text("no bag")
    done = subprocess.run(
        [*MEM4D, "reconstruct", source, "--out", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    assert exit_status("mem4d do", lambda: (tmp_path / "out").mkdir() or 0, verbose=False) == 1
    assert "out: Permission denied" in capfd.readouterr().err


def test_a_wrong_command_line_is_refused_in_one_line() -> None:
    ended = subprocess.run([*MEM4D, "reconstruct", "walk.mp4"], capture_output=True, text=True)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "--out" in line
    assert "mem4d reconstruct --help" in line


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [("bench --frmaes 3", "--frames is meant?"), ("eval pose --rot x --dataset tum", "--root")],
)
def test_an_option_that_is_not_known_is_refused_where_its_help_is(
    arguments: str, meant: str
) -> None:
    words = arguments.split()
    ended = subprocess.run([*MEM4D, *words], capture_output=True, text=True)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    command = " ".join(["mem4d", *(word for word in words[:2] if word.isalpha())])
    assert line.startswith(f"{command}: error: unrecognized arguments: --")
    assert meant in line
    assert line.endswith(f"({command} --help says more)")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error(closed: str) -> None:
    command = f"{' '.join(MEM4D)} completion bash {closed}"
    assert subprocess.run(command, shell=True, capture_output=True, check=False).returncode == 0


def test_what_the_terminal_cannot_show_is_escaped() -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [*MEM4D, "info", "Übung.safetensors"]
    done = subprocess.run(command, capture_output=True, text=True, env=ascii_only, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(r"mem4d info: \xdcbung.safetensors: no such checkpoint file")
