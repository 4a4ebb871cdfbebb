"""The viewer's picture of a live run: `make demo VIEW=1`, in a browser, when all images have come.

    python scripts/live_picture.py out/pictures/viewer_live

Starts the demo as make does, opens the address that it names in Chromium, and writes
viewer_live.png there. Needs Chromium with its driver, selenium and Pillow.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test" / "support"))

from chromium import opened  # noqa: E402

SIZE = (1200, 820)
ADDRESS = re.compile(r"open (http://\S+) in a browser")
PLAYED = re.compile("all images are played")


def main() -> None:
    """Run the demo, look on, and end it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder of the picture")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    demo = subprocess.Popen(
        [sys.executable, "-m", "mem4d_ros.ros.demo", "--view", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    try:
        address = told(demo.stdout, ADDRESS).group(1)
        with opened(address, SIZE) as browser:
            browser.wait_for(lambda: "frames" in browser.text(), "the facts")
            browser.stop_drawing()  # or the page would take the node's time
            told(demo.stdout, PLAYED)
            browser.driver.refresh()
            browser.wait_for(lambda: "frames/s" in browser.text(), "the rate")
            browser.close_notes()
            Image.fromarray(browser.still_picture()).quantize(256).save(
                out / "viewer_live.png", optimize=True
            )
    finally:
        demo.send_signal(signal.SIGINT)
        print(demo.communicate()[0])


def told(said: IO[str], wanted: re.Pattern[str]) -> re.Match[str]:
    """What the demo says of it, once it does; all that it says is passed on."""
    for line in said:
        print(line, end="", flush=True)
        if match := wanted.search(line):
            return match
    raise SystemExit(f"the demo ended before it said: {wanted.pattern}")


if __name__ == "__main__":
    main()
