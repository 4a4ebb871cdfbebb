"""How fast sequences through textured meshes are made on one core, and pictures to look at.

Usage: python bench/mesh_rendering.py rate SCENES [--size 256x192] [--sequences 4] [--frames 8]
       python bench/mesh_rendering.py variety SCENES [--sequences 64] [--frames 8]
       python bench/mesh_rendering.py sheet SCENES OUT [--seeds 1,2,3,4,5,6] [--places NAME,NAME]

A sheet is one PNG a place with a row for each seed: three of its frames, depth (near is bright) and
what moves. Variety prints percentiles over sequences as training draws them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch

from mem4d_ros.synthetic.meshes.catalogue import PLACES, Place, place
from mem4d_ros.synthetic.meshes.plan import plan_sequence
from mem4d_ros.synthetic.meshes.sequence import (
    MeshSequence,
    film_plan,
    render_mesh_sequence,
)

SHEET_FRAMES = 7
SHEET_SIZE = (192, 256)
PERCENTILES = (5, 25, 50, 75, 95)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    rates = commands.add_parser("rate")
    rates.add_argument("scenes", type=Path)
    rates.add_argument("--size", default="256x192", metavar="WxH")
    rates.add_argument("--sequences", type=int, default=4)
    rates.add_argument("--frames", type=int, default=8)
    rates.set_defaults(run=_print_rates)
    varieties = commands.add_parser("variety")
    varieties.add_argument("scenes", type=Path)
    varieties.add_argument("--sequences", type=int, default=64)
    varieties.add_argument("--frames", type=int, default=8)
    varieties.set_defaults(run=_print_variety)
    sheets = commands.add_parser("sheet")
    sheets.add_argument("scenes", type=Path)
    sheets.add_argument("out", type=Path)
    sheets.add_argument("--seeds", default="1,2,3,4,5,6")
    sheets.add_argument("--places", default=",".join(entry.name for entry in PLACES))
    sheets.set_defaults(run=_write_sheets)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.run(arguments)


def _print_rates(arguments: argparse.Namespace) -> None:
    width, height = (int(side) for side in arguments.size.split("x"))
    print(
        f"{arguments.sequences} sequences of {arguments.frames} frames, {width}x{height}, one core"
    )
    print(f"{'':24} {'load s':>8} {'plan s':>8} {'frames/s':>9}")
    for entry in PLACES:
        load, plan, rate = _rate(entry, arguments, (height, width))
        print(f"{entry.name:24} {load:8.2f} {plan:8.3f} {rate:9.1f}", flush=True)


def _rate(
    entry: Place, arguments: argparse.Namespace, size: tuple[int, int]
) -> tuple[float, float, float]:
    """Seconds to load the place, to plan a sequence, and frames/s with planning, in CPU time."""
    scenes, frames = arguments.scenes, arguments.frames
    started = time.process_time()
    plan_sequence(0, scenes, frames, size, (entry,))
    loaded = time.process_time()
    plans = [plan_sequence(s, scenes, frames, size, (entry,)) for s in range(arguments.sequences)]
    planned = time.process_time()
    for seed, plan in enumerate(plans):
        film_plan(plan, size, seed)
    filmed = time.process_time()
    count = arguments.sequences
    return loaded - started, (planned - loaded) / count, count * frames / (filmed - loaded)


def _print_variety(arguments: argparse.Namespace) -> None:
    height, width = SHEET_SIZE
    rows = []
    for seed in range(arguments.sequences):
        sequence = render_mesh_sequence(seed, arguments.scenes, arguments.frames, height, width)
        rows.append(_measures(sequence))
    print(f"{arguments.sequences} sequences of {arguments.frames} frames, {width}x{height}")
    print(f"{'':40}" + "".join(f"{f'{share} %':>9}" for share in PERCENTILES))
    for name in rows[0]:
        values = np.percentile([row[name] for row in rows], PERCENTILES)
        print(f"{name:40}" + "".join(f"{value:9.3f}" for value in values))


def _measures(sequence: MeshSequence) -> dict[str, float]:
    depth = sequence.depth.astype(np.float32)
    near, median, far = np.nanpercentile(depth, (10, 50, 90))
    poses, width = sequence.camera_to_world, sequence.depth.shape[2]
    steps = np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1)
    between = poses[:-1, :3, :3].swapaxes(1, 2) @ poses[1:, :3, :3]
    cosine = np.clip((np.trace(between, axis1=1, axis2=2) - 1) / 2, -1, 1)
    grey = sequence.images.mean(1)
    patches = grey[:, : grey.shape[1] // 8 * 8, : width // 8 * 8]
    patches = patches.reshape(len(grey), -1, 8, patches.shape[2] // 8, 8).std((2, 4))
    return {
        "median depth, m": median,
        "90th over 10th percentile of depth": far / near,
        "share of pixels without depth": np.isnan(depth).mean(),
        "share of moving pixels": sequence.moving.mean(),
        "step between frames, m": steps.mean(),
        "turn between frames, degrees": np.degrees(np.arccos(cosine)).mean(),
        "field of view, degrees": 2 * np.degrees(np.arctan(width / 2 / sequence.intrinsics[0, 0])),
        "mean grey level": grey.mean(),
        "share of 8x8 patches with deviation < 4": (patches < 4).mean(),
    }


def _write_sheets(arguments: argparse.Namespace) -> None:
    arguments.out.mkdir(parents=True, exist_ok=True)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    for name in arguments.places.split(","):
        rows = []
        for seed in seeds:
            plan = plan_sequence(seed, arguments.scenes, SHEET_FRAMES, SHEET_SIZE, (place(name),))
            sequence = film_plan(plan, SHEET_SIZE, seed)
            rows.append(_row(sequence))
            print(f"{name} {seed}: {_describe(sequence)}", flush=True)
        cv2.imwrite(str(arguments.out / f"{name}.png"), np.vstack(rows))


def _row(sequence: MeshSequence) -> np.ndarray:
    chosen = (0, SHEET_FRAMES // 2, SHEET_FRAMES - 1)
    frames: Iterable[np.ndarray] = (
        sequence.images[t].transpose(1, 2, 0)[..., ::-1] for t in chosen
    )
    depth = sequence.depth[chosen[1]].astype(np.float32)
    shade = np.nan_to_num(255 / (1 + depth / 2)).astype(np.uint8)
    moving = np.where(sequence.moving[chosen[1]], 255, shade // 3).astype(np.uint8)
    return np.hstack([*frames, *(np.repeat(plane[..., None], 3, 2) for plane in (shade, moving))])


def _describe(sequence: MeshSequence) -> str:
    depth = sequence.depth.astype(np.float32)
    steps = np.linalg.norm(np.diff(sequence.camera_to_world[:, :3, 3], axis=0), axis=1)
    return (
        f"median depth {np.nanmedian(depth):.2f} m, unknown {np.isnan(depth).mean():.0%}, "
        f"moving {sequence.moving.mean():.0%}, step {steps.mean():.3f} m, "
        f"mean grey {sequence.images.mean():.0f}"
    )


if __name__ == "__main__":
    main()
