"""/dev/shm in the shapes in which containers have it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from mem4d_ros.doctor.shared_memory import (
    check_left,
    check_rights,
    check_shared_memory,
    check_size,
    left_behind,
)

MIB = 2**20
SHM = Path("/dev/shm")


@pytest.mark.parametrize(
    ("total", "free", "writable", "level", "remedy"),
    [
        (2048 * MIB, 2000 * MIB, True, "ok", ""),
        (64 * MIB, 64 * MIB, True, "warning", "--shm-size"),  # Docker's default
        (2048 * MIB, 10 * MIB, True, "warning", "fastdds shm clean"),
        (2048 * MIB, 2000 * MIB, False, "error", "chmod 1777"),
    ],
)
def test_size(total: int, free: int, writable: bool, level: str, remedy: str) -> None:
    finding = check_size(SHM, total, free, writable)
    assert finding.level == level
    assert remedy in finding.remedy


def test_segments_of_another_user_are_in_the_way() -> None:
    assert check_rights(SHM, {1000}, 1000).level == "ok"
    assert check_rights(SHM, set(), 1000).level == "ok"
    finding = check_rights(SHM, {0, 1000}, 1000)
    assert finding.level == "warning"
    assert "users 0, this is 1000" in finding.summary


def test_a_folder_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "fastrtps_port7400").touch()
    (tmp_path / "somebody_elses").touch()
    size, rights, left = check_shared_memory(tmp_path)
    space = os.statvfs(tmp_path)
    assert size.facts["total_bytes"] == space.f_frsize * space.f_blocks
    assert rights.level == left.level == "ok"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (finding,) = check_shared_memory(tmp_path / "shm")
    assert finding.level == "warning"
    assert "is missing" in finding.summary


def test_segments_whose_process_is_gone_are_counted(tmp_path: Path) -> None:
    """A process holds the file beside its segment locked, as long as it lives."""
    for name, size in (("fastdds_living", 10), ("fastrtps_left", 20)):
        (tmp_path / name).write_bytes(bytes(size))
        (tmp_path / f"{name}_el").touch()
    with (tmp_path / "fastdds_living_el").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert left_behind(tmp_path) == [(tmp_path / "fastrtps_left", 20)]
    assert sorted(size for _, size in left_behind(tmp_path)) == [10, 20]


@pytest.mark.parametrize(("count", "level"), [(0, "ok"), (3, "ok"), (4, "warning")])
def test_memory_that_is_left_behind_is_told(count: int, level: str) -> None:
    finding = check_left(SHM, [64 * MIB] * count)
    assert finding.level == level
    assert ("fastdds shm clean" in finding.remedy) == (level == "warning")
    assert f"{64 * count} MiB" in finding.summary
