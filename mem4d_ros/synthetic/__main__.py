"""Write a procedural sequence: python -m mem4d_ros.synthetic --out scene."""

from __future__ import annotations

import argparse
from pathlib import Path

from mem4d_ros.synthetic.export import write_sequence
from mem4d_ros.synthetic.sequence import render_sequence
from mem4d_ros.synthetic.settings import DEMONSTRATION


def main() -> None:
    """Render a sequence and write it."""
    parser = argparse.ArgumentParser(prog="python -m mem4d_ros.synthetic", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for images and truth")
    parser.add_argument("--seed", type=int, default=7, help="which scene (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=60, help="how many (default: %(default)s)")
    parser.add_argument(
        "--size", type=_size, default=(640, 480), metavar="WxH", help="pixels (default: 640x480)"
    )
    arguments = parser.parse_args()
    width, height = arguments.size
    try:
        sequence = render_sequence(
            arguments.seed, arguments.frames, height, width, settings=DEMONSTRATION
        )
    except ValueError as error:
        parser.error(str(error))
    write_sequence(sequence, arguments.out)
    print(f"wrote {arguments.frames} frames of {width}x{height} to {arguments.out}")


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: give it as 640x480")
    return int(width), int(height)


if __name__ == "__main__":
    main()
