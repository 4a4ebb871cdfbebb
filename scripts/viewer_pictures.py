"""The viewer's pictures of the documentation: a rendered room while it is reconstructed.

    python scripts/viewer_pictures.py out/pictures/viewer

Renders the room, reconstructs it and writes viewer.png and viewer.webp, which moves, there.
Needs Chromium with its driver, selenium and Pillow. `--recording` takes a folder of
`mem4d reconstruct` instead of the room.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from mem4d_ros.synthetic import DEMONSTRATION, render_sequence
from mem4d_ros.viewer.finished import FinishedRecording
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Changes, Facts, Scene
from mem4d_ros.viewer.viewer import Viewer
from mem4d_ros.writing import write_picture

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test" / "support"))

from chromium import Browser, opened  # noqa: E402

SEED, FRAMES, HEIGHT, WIDTH, RATE_HZ = 7, 90, 240, 320, 10
SIZE = (1200, 760)
POINTS = 80_000
MOVING_WIDTH = 900  # px, of the moving picture
PICTURES = 16
PERIOD_MS = 250
SETTLE_S = 2.5
"""For the view to follow, and for a browser without a graphics card to draw."""


def main() -> None:
    """Play the recording, and keep what is seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder of the pictures")
    parser.add_argument("--recording", type=Path, help="a folder of mem4d reconstruct")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    scene = Scene()
    recording = FinishedRecording(options.recording or reconstruct(options.out), scene)
    frames = np.linspace(0, recording.length - 1, PICTURES).astype(int).tolist()
    recording.wait_for_growth()
    viewer = Viewer(scene, ViewerOptions(port=0, bytes_per_second=1e8, most_points=POINTS))
    with running(viewer), opened(viewer.window.url, SIZE) as browser:
        shots = [shot(browser, scene, recording, frame) for frame in frames]
    shots[-1].quantize(256).save(options.out / "viewer.png", optimize=True)
    small = [
        one.resize((MOVING_WIDTH, round(one.height * MOVING_WIDTH / one.width))) for one in shots
    ]
    small[0].save(
        options.out / "viewer.webp",
        save_all=True,
        append_images=small[1:],
        duration=[PERIOD_MS] * (PICTURES - 1) + [2000],
        loop=0,
        quality=55,
    )


def reconstruct(out: Path) -> Path:
    """Render the room and reconstruct it, as who has its images would."""
    sequence = render_sequence(SEED, FRAMES, HEIGHT, WIDTH, settings=DEMONSTRATION)
    images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    (out / "images").mkdir()
    for index, image in enumerate(images):
        write_picture(out / "images" / f"{index:04d}.png", image)
    (fx, _, cx), (_, fy, cy), _ = sequence.intrinsics[0].tolist()
    command = [sys.executable, "-m", "mem4d_ros.cli.main", "reconstruct", str(out / "images")]
    command += ["--out", str(out / "recording"), "--camera", f"{fx},{fy},{cx},{cy}"]
    subprocess.run([*command, "--rate", str(RATE_HZ)], check=True)
    return out / "recording"


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


def shot(browser: Browser, scene: Scene, recording: FinishedRecording, frame: int) -> Image.Image:
    """What is seen at a frame, with as much of the map as was known by then."""
    recording.show(frame, grows=True)
    scene.put(Changes(facts=Facts("running", processed=frame + 1)))
    browser.wait_for(lambda: f"{frame + 1} frames" in browser.text(), f"frame {frame}")
    time.sleep(SETTLE_S)
    browser.close_notes()
    return Image.fromarray(browser.whole_picture())


if __name__ == "__main__":
    main()
