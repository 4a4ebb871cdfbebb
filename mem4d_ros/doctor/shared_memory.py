"""/dev/shm, over which nodes of one machine hand images to each other."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mem4d_ros.doctor.finding import Finding

FOLDER = Path("/dev/shm")
SEGMENT = 64 * 2**20
"""Bytes of config/fastdds.xml's segment; each process with it takes one."""
ENOUGH = 4 * SEGMENT
"""Bytes free: camera, node, RViz and one more."""
FILES_OF_DDS = ("fastrtps_*", "fastdds_*")
LOCK = "_el"
"""Ends the name of the file beside a segment that its process holds locked."""


def check_shared_memory(folder: Path = FOLDER) -> list[Finding]:
    """Size and rights of the folder of shared memory, and what lies in it in vain."""
    if not folder.is_dir():
        return [
            Finding(
                "shared_memory.size",
                "warning",
                f"{folder} is missing",
                f"mount -t tmpfs tmpfs {folder}: without it, images go over UDP",
            )
        ]
    filesystem = os.statvfs(folder)
    total = filesystem.f_frsize * filesystem.f_blocks
    free = filesystem.f_frsize * filesystem.f_bavail
    owners = {owner for file in files_of_dds(folder) if (owner := _owner(file)) is not None}
    return [
        check_size(folder, total, free, os.access(folder, os.W_OK | os.X_OK)),
        check_rights(folder, owners, os.geteuid()),
        check_left(folder, [size for _, size in left_behind(folder)]),
    ]


def check_size(folder: Path, total: int, free: int, writable: bool) -> Finding:
    """Whether segments for images find room; bytes."""
    facts = {"total_bytes": total, "free_bytes": free, "writable": writable}
    summary = f"{folder} has {free / 2**20:.0f} of {total / 2**20:.0f} MiB free"
    if not writable:
        return Finding(
            "shared_memory.size",
            "error",
            f"{folder} cannot be written",
            f"chmod 1777 {folder}: Fast DDS falls back to UDP, which loses large images",
            facts=facts,
        )
    if total < ENOUGH:
        return Finding(
            "shared_memory.size",
            "warning",
            f"{summary}, but a process with config/fastdds.xml takes {SEGMENT / 2**20:.0f}",
            f"docker run --shm-size=1g (or --ipc=host); else mount -o remount,size=1g {folder}",
            facts=facts,
        )
    if free < ENOUGH:
        return Finding(
            "shared_memory.size",
            "warning",
            summary,
            f"remove what processes that were killed left in {folder}: fastdds shm clean",
            facts=facts,
        )
    return Finding("shared_memory.size", "ok", summary, facts=facts)


def check_rights(folder: Path, owners: set[int], user: int) -> Finding:
    """Whether DDS files in shared memory are all this user's, by numbers of users."""
    others = sorted(owners - {user})
    if not others:
        return Finding("shared_memory.rights", "ok", f"no other user's DDS is in {folder}")
    listed = ", ".join(map(str, others))
    return Finding(
        "shared_memory.rights",
        "warning",
        f"{folder} holds segments of the users {listed}, this is {user}",
        "run all nodes as one user (docker run --user); between users, shared memory carries"
        " nothing and messages are lost without a word",
        facts={"users": listed},
    )


def check_left(folder: Path, sizes: list[int]) -> Finding:
    """Whether segments without a process take memory, given their sizes in bytes."""
    total = sum(sizes)
    facts = {"segments": len(sizes), "bytes": total}
    summary = f"{len(sizes)} segments of processes that are gone take {total / 2**20:.0f} MiB"
    if total < ENOUGH:
        return Finding("shared_memory.left", "ok", summary, facts=facts)
    return Finding(
        "shared_memory.left",
        "warning",
        f"{summary} of the machine's memory in {folder}",
        f"fastdds shm clean; or, while no node runs, rm -f {folder}/{{,sem.}}fast{{dds,rtps}}_*",
        facts=facts,
    )


def left_behind(folder: Path = FOLDER) -> list[tuple[Path, int]]:
    """Segments whose process is gone and their bytes, as far as this user may see."""
    left = []
    for lock in files_of_dds(folder):
        if not lock.name.endswith(LOCK):
            continue
        segment = lock.with_name(lock.name.removesuffix(LOCK))
        try:
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            left.append((segment, segment.stat().st_size))
        except (BlockingIOError, FileNotFoundError, PermissionError):
            continue  # in use, gone by now, or another user's
    return left


def files_of_dds(folder: Path) -> list[Path]:
    """Segments and ports of Fast DDS."""
    return [file for pattern in FILES_OF_DDS for file in folder.glob(pattern)]


def _owner(file: Path) -> int | None:
    """The user's number; None where the file is gone by now."""
    try:
        return file.stat().st_uid
    except FileNotFoundError:
        return None
