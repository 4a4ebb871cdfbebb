"""The viewer's pictures of the documentation: the demo's room, as its reconstruction grew.

    python scripts/viewer_pictures.py out/pictures/viewer

Renders the room, reconstructs it, opens that in Chromium and writes viewer.png and viewer.webp,
which moves, there. Needs Chromium with its driver, selenium and Pillow. `--recording` takes a
folder of `mem4d reconstruct` instead of the room.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from mem4d_ros.synthetic import DEMONSTRATION, render_sequence
from mem4d_ros.viewer.finished import FinishedRecording
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Scene
from mem4d_ros.viewer.viewer import Viewer
from mem4d_ros.writing import write_picture

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test" / "support"))

from chromium import opened  # noqa: E402

SEED, FRAMES, HEIGHT, WIDTH, RATE_HZ = 3, 60, 240, 320, 5
SIZE = (1200, 820)
MOVING_WIDTH = 800  # px, of the moving picture
PICTURES = 13
PERIOD_MS, LAST_MS = 350, 2500
QUALITY = 60


def main() -> None:
    """Reconstruct, and keep what is seen frame by frame."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder of the pictures")
    parser.add_argument("--recording", type=Path, help="a folder of mem4d reconstruct")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    shots = film(options.recording or reconstruct(options.out))
    shots[-1].quantize(256).save(options.out / "viewer.png", optimize=True)
    size = (MOVING_WIDTH, round(shots[0].height * MOVING_WIDTH / shots[0].width))
    small = [shot.resize(size) for shot in shots]
    small[0].save(
        options.out / "viewer.webp",
        save_all=True,
        append_images=small[1:],
        duration=[PERIOD_MS] * (len(small) - 1) + [LAST_MS],
        loop=0,
        quality=QUALITY,
        method=6,
    )


def reconstruct(out: Path) -> Path:
    """Render the room and reconstruct it, as who has its images would."""
    sequence = render_sequence(SEED, FRAMES, HEIGHT, WIDTH, settings=DEMONSTRATION)
    images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    (out / "images").mkdir(exist_ok=True)
    for index, image in enumerate(images):
        write_picture(out / "images" / f"{index:04d}.png", image)
    (fx, _, cx), (_, fy, cy), _ = sequence.intrinsics[0].tolist()
    command = [sys.executable, "-m", "mem4d_ros.cli.main", "reconstruct", str(out / "images")]
    command += ["--out", str(out / "recording"), "--camera", f"{fx},{fy},{cx},{cy}"]
    subprocess.run([*command, "--rate", str(RATE_HZ)], check=True)
    return out / "recording"


def film(folder: Path) -> list[Image.Image]:
    """The window at frames from the first to the last, as somebody sees who moves the timeline."""
    scene = Scene()
    recording = FinishedRecording(folder, scene)
    recording.wait_for_growth()
    told = ViewerOptions(title="Mem4D", port=0, bytes_per_second=1e8, follows=False)
    viewer = Viewer(scene, told, recording=recording)
    shots: list[np.ndarray] = []
    with running(viewer), opened(viewer.window.url, SIZE) as browser:
        browser.wait_for(lambda: f"{recording.length} frames" in browser.text(), "the facts")
        browser.close_notes()
        before = browser.still_picture()
        for frame in np.linspace(1, recording.length - 1, PICTURES).astype(int).tolist():
            browser.enter("Frame", frame)
            browser.wait_for(lambda: viewer.is_settled, "the map on its way")
            before = browser.still_picture(unlike=before)
            shots.append(before)
    return [Image.fromarray(shot) for shot in shots]


@contextmanager
def running(viewer: Viewer) -> Iterator[None]:
    """The viewer on a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=viewer.run, args=(stop.is_set,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
