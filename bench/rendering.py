"""How fast procedural sequences are made: planning on one core, rendering on each device.

Usage: python bench/rendering.py [--sequences 8] [--frames 11] [--size 192x144]
"""

from __future__ import annotations

import argparse
import time

import torch

from mem4d_ros.synthetic.sequence import film
from mem4d_ros.synthetic.settings import ROOM, STREET, SequenceSettings
from mem4d_ros.synthetic.shot import Shot, plan_shot
from mem4d_ros.synthetic.textures.library import standard_library

FIRST_SEED = 100
PLACES = {"rooms": ROOM, "streets": STREET}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=8)
    parser.add_argument("--frames", type=int, default=11)
    parser.add_argument("--size", default="192x144", metavar="WxH")
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.sequences)

    print(f"{arguments.sequences} sequences of {arguments.frames} frames, {width}x{height}")
    print(f"{'':8} {'step':32} {'frames/s':>12}")
    for name, place in PLACES.items():
        settings = SequenceSettings(places=(place,))
        library = standard_library()
        started = time.process_time()
        shots = [plan_shot(s, arguments.frames, (height, width), settings, library) for s in seeds]
        elapsed = time.process_time() - started
        count = len(shots) * arguments.frames
        print(f"{name:8} {'planning, one core':32} {count / elapsed:12.1f}")
        for device in ("cpu", "cuda"):
            label, rate = f"rendering, {_describe(device)}", "not measured"
            if device == "cpu" or torch.cuda.is_available():
                rate = f"{count / _seconds_to_film(shots, device):.1f}"
            print(f"{name:8} {label:32} {rate:>12}")


def _seconds_to_film(shots: list[Shot], device: str) -> float:
    """CPU time summed over its threads, or wall time of a GPU, after one sequence to warm up."""
    library = standard_library(device)
    film(shots[0], library)
    clock = time.perf_counter if device == "cuda" else time.process_time
    _finish(device)
    started = clock()
    for shot in shots:
        film(shot, library)
    _finish(device)
    return clock() - started


def _finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _describe(device: str) -> str:
    if device == "cpu":
        return "CPU time of one core"
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "GPU"


if __name__ == "__main__":
    main()
