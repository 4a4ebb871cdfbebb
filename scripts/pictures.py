"""Make the pictures of README.md and docs/ anew, each by the command that it names.

    make pictures                            all but those that need a recording
    make pictures KITCHEN=<red kitchen>      those, too: a folder in the layout of 7-Scenes

`python scripts/pictures.py NAME ...` makes only some of them.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "pictures"
QUALITY = 90


@dataclass(frozen=True)
class Picture:
    """A file of the documentation.

    Attributes:
        command: what makes it; `{python}`, `{out}` and `{kitchen}` stand for the interpreter, a
            folder of its own and the recording.
        taken: the picture, from that folder.
    """

    name: str
    command: str
    taken: Callable[[Path], Path]


def reconstruction_only(folder: Path) -> Path:
    """What `mem4d reconstruct` has found in a recording, without its photographs."""
    from mem4d_ros.runtime.export import RecordFolder
    from mem4d_ros.runtime.export.ply import read_ply
    from mem4d_ros.viz import confidence_picture, contact_sheet, depth_picture, scene_views
    from mem4d_ros.writing import write_picture

    records = RecordFolder(folder)
    cloud = read_ply(folder / "static_cloud.ply")
    (middle,) = records.select({len(records) // 2})
    maps = contact_sheet(
        [
            ("depth", depth_picture(middle.depth)),
            ("confidence", confidence_picture(middle.confidence)),
        ],
        columns=1,
        width=320,
    )
    height, width = middle.depth.shape
    _, poses = records.trajectory(2000)
    views = scene_views(
        cloud.positions, cloud.colours, poses, middle.intrinsics, (width, height), 1200
    )
    below = np.full((abs(len(maps) - len(views)), maps.shape[1], 3), 255, np.uint8)
    path = folder / "reconstruction.png"
    write_picture(path, np.concatenate((np.concatenate((maps, below))[: len(views)], views), 1))
    return path


PICTURES = (
    Picture(
        "docs/demo.webp",
        "{python} -m mem4d_ros.ros.demo --out {out}",
        lambda out: out / "summary.png",
    ),
    Picture(
        "docs/kitchen.webp",
        "{python} -m mem4d_ros.cli.main reconstruct {kitchen} --dataset 7scenes --out {out}",
        reconstruction_only,
    ),
    Picture(
        "docs/kitchen_growth.webp",
        "{python} -m mem4d_ros.cli.main reconstruct {kitchen} --dataset 7scenes --out {out}",
        lambda out: out / "growth.png",
    ),
    Picture(
        "docs/kitchen_plan.webp",
        "{python} -m mem4d_ros.cli.main reconstruct {kitchen} --dataset 7scenes --out {out}",
        lambda out: out / "plan.png",
    ),
    Picture(
        "docs/kitchen_path.webp",
        "{python} -m mem4d_ros.cli.main eval pose --dataset 7scenes --root {kitchen}"
        " --pictures {out}",
        lambda out: next(out.glob("*.png")),
    ),
    *(
        Picture(
            f"docs/{name}",
            "{python} scripts/viewer_pictures.py {out}",
            lambda out, name=name: out / name,
        )
        for name in ("viewer.png", "viewer.webp")
    ),
    Picture(
        "docs/viewer_live.png",
        "{python} scripts/live_picture.py {out}",
        lambda out: out / "viewer_live.png",
    ),
    Picture(
        "bench/growth.png",
        "{python} bench/growth.py --out {out} --clock cpu",
        lambda out: out / "growth.png",
    ),
)


def make(pictures: Sequence[Picture], kitchen: Path | None) -> bool:
    """Run the command that all of them have, and put them into their places; False: it failed."""
    names = ", ".join(picture.name for picture in pictures)
    if kitchen is None and "{kitchen}" in pictures[0].command:
        print(f"{names}: left out, it needs --kitchen (make pictures KITCHEN=<folder>)")
        return True
    out = OUT / Path(pictures[0].name).stem
    shutil.rmtree(out, ignore_errors=True)
    words = {"python": sys.executable, "out": str(out), "kitchen": str(kitchen)}
    command = [part.format(**words) for part in shlex.split(pictures[0].command)]
    print(f"{names}: {shlex.join(command)}", flush=True)
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status != 0:
        print(f"{names}: not made anew, the command ended with status {status}", file=sys.stderr)
        return False
    for picture in pictures:
        put(picture.taken(out), ROOT / picture.name)
    return True


def put(taken: Path, place: Path) -> None:
    """Copy a picture, smaller where its place asks for WebP: the repository keeps every version."""
    if taken.suffix == place.suffix:
        shutil.copyfile(taken, place)
    else:
        with Image.open(taken) as image:
            image.convert("RGB").save(place, quality=QUALITY, method=6)


def main() -> int:
    """Make those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = {picture.name: picture for picture in PICTURES}
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--kitchen", type=Path, help="red kitchen of 7-Scenes")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    kitchen = options.kitchen.resolve() if options.kitchen else None
    by_command: dict[str, list[Picture]] = {}
    for name in options.names or known:
        by_command.setdefault(known[name].command, []).append(known[name])
    made = [make(pictures, kitchen) for pictures in by_command.values()]
    return 0 if all(made) else 1


if __name__ == "__main__":
    sys.exit(main())
