"""Processes that render sequences into a folder, for a run that takes them from there.

    python -m mem4d_ros.training.data.rendering --out out/scenes --meshes out/meshes
    python -m mem4d_ros.training.data.rendering --out out/packed --meshes … --packed --count 2000
    python -m mem4d_ros.training.data.rendering --out out/scenes --device cuda --processes 2

The first goes on for ever, and stops while enough files wait; the second ends; the third renders
procedural scenes on a GPU, where one process makes as many as several cores. The processes end with
the one that started them.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import torch

from mem4d_ros.synthetic import SequenceSettings, render_sequence
from mem4d_ros.synthetic.meshes import held_out_places, render_mesh_sequence, training_places
from mem4d_ros.synthetic.meshes.cameras import NoPathFound
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED
from mem4d_ros.synthetic.settings import ROOM, STREET
from mem4d_ros.training.data.packed import SUFFIX, write_packed
from mem4d_ros.training.data.sequences import StoredSequence, write_sequence

_logger = logging.getLogger(__name__)
MESH, PROCEDURAL = "mesh", "procedural"
HELD_OUT = "held_out"
"""Folder within that of the renderings, of sequences for measuring."""
_QUALITY = 92
PLACES = (replace(ROOM, share=0.6), replace(STREET, share=0.4))
"""More streets than there are by default: other sources have few."""


@dataclass(frozen=True)
class RenderingPlan:
    """Settings of the rendering.

    Attributes:
        out: the folder; sequences for measuring go into its subfolder `held_out`.
        meshes: folder of packed mesh scenes; needed unless all is procedural.
        frames, height, width: of each sequence.
        procedural_share: of the sequences; the others are of meshes.
        packed: write small files, that take longer to read.
        count: sequences in all; None goes on, and stops while `waiting` files are in the folder.
        held_out: sequences of each kind for measuring, rendered before all others.
        seed: first seed.
        device: of procedural scenes; meshes are rendered on the CPU.
    """

    out: Path
    meshes: Path
    frames: int
    height: int
    width: int
    procedural_share: float
    packed: bool
    count: int | None
    waiting: int
    held_out: int
    seed: int
    device: str


def render(kind: str, seed: int, plan: RenderingPlan) -> StoredSequence:
    """The sequence of this kind and seed; from HELD_OUT_SEED on, of scenes kept for measuring."""
    return _mesh(seed, plan) if kind == MESH else _procedural(seed, plan)


def _mesh(seed: int, plan: RenderingPlan) -> StoredSequence:
    places = held_out_places() if seed >= HELD_OUT_SEED else training_places()
    found = render_mesh_sequence(seed, plan.meshes, plan.frames, plan.height, plan.width, places)
    return StoredSequence(
        images=torch.from_numpy(found.images),
        depth=torch.from_numpy(found.depth),
        camera_to_world=torch.from_numpy(found.camera_to_world),
        intrinsics=torch.from_numpy(found.intrinsics),
        moving=torch.from_numpy(found.moving),
    )


def _procedural(seed: int, plan: RenderingPlan) -> StoredSequence:
    settings = SequenceSettings(frame_rate=(5.0, 30.0), places=PLACES)
    found = render_sequence(
        seed, plan.frames, plan.height, plan.width, plan.device, settings=settings
    )
    return StoredSequence(
        images=(found.images * 255).round().to(torch.uint8),
        depth=found.depth.nan_to_num(torch.inf).to(torch.float16),  # nothing is there but the sky
        camera_to_world=found.camera_to_world.float(),
        intrinsics=found.intrinsics[0].float(),
        moving=found.moving,
    ).to(torch.device("cpu"))


def render_into(plan: RenderingPlan, worker: int, workers: int, parent: int) -> None:
    """One process's part of the work: every `workers`-th sequence, while `parent` lives."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    os.nice(5)
    kinds = [PROCEDURAL] if plan.procedural_share >= 1 else [MESH, PROCEDURAL]
    measuring = [(kind, HELD_OUT_SEED + i) for i in range(plan.held_out) for kind in kinds]
    for kind, seed in measuring[worker::workers]:
        _make(plan.out / HELD_OUT, kind, seed, plan)
    end = HELD_OUT_SEED if plan.count is None else plan.seed + plan.count
    for seed in range(plan.seed + worker, end, workers):
        while _is_full(plan) and os.getppid() == parent:
            time.sleep(0.2)
        if os.getppid() != parent:
            return
        kind = PROCEDURAL if _spread(seed) < plan.procedural_share else MESH
        _make(plan.out, kind, seed, plan)


def _make(folder: Path, kind: str, seed: int, plan: RenderingPlan) -> None:
    """Render a sequence into the folder, unless it is there."""
    path = folder / f"{kind}-{seed:07d}{SUFFIX if plan.packed else '.safetensors'}"
    if path.exists():
        return
    try:
        sequence = render(kind, seed, plan)
    except NoPathFound as error:
        _logger.warning("%s %d is left out: %s", kind, seed, error)
        return
    if plan.packed:
        write_packed(path, sequence, (plan.height, plan.width), _QUALITY)
    else:
        write_sequence(path, sequence)


def _is_full(plan: RenderingPlan) -> bool:
    return plan.count is None and sum(1 for _ in plan.out.glob("[!.]*.safetensors")) >= plan.waiting


def _spread(number: int) -> float:
    """Numbers in [0, 1) that are spread evenly whichever run of them is taken."""
    return number * 0.6180339887498949 % 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Render until the processes are ended, or this one is."""
    parser = argparse.ArgumentParser(prog="rendering", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--meshes", type=Path, help="packed mesh scenes; else all is procedural")
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--size", type=int, nargs=2, default=(288, 216), metavar=("W", "H"))
    parser.add_argument("--procedural-share", type=float, default=0.25)
    parser.add_argument("--packed", action="store_true", help="write small files")
    parser.add_argument("--count", type=int, help="sequences in all; else it goes on for ever")
    parser.add_argument("--waiting", type=int, default=400, help="files at which it waits")
    parser.add_argument("--held-out", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="of procedural scenes")
    options = parser.parse_args(arguments)
    if not 0 <= options.seed < HELD_OUT_SEED:
        parser.error(
            f"--seed: seeds from {HELD_OUT_SEED} up are kept for measuring, got {options.seed}"
        )
    (options.out / HELD_OUT).mkdir(parents=True, exist_ok=True)
    plan = RenderingPlan(
        out=options.out,
        meshes=options.meshes or Path(),
        frames=options.frames,
        height=options.size[1],
        width=options.size[0],
        procedural_share=options.procedural_share if options.meshes else 1.0,
        packed=options.packed,
        count=options.count,
        waiting=options.waiting,
        held_out=options.held_out,
        seed=options.seed,
        device=options.device,
    )
    spawn = multiprocessing.get_context("spawn")
    count = options.processes
    processes = [
        spawn.Process(target=render_into, args=(plan, i, count, os.getpid())) for i in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


if __name__ == "__main__":
    main()
