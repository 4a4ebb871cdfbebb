"""Hostile images and CameraInfo through all that the node does with them before the network.

    python bench/fuzz.py --inputs 100000

Each is taken or rejected with a reason; anything else is a fault, and the exit status is 1. An
input depends on its number alone: `--first N --inputs 1` repeats one. Memory is compared between
the end of the first tenth and the end of all; growth of more than 50 MB is a fault, too.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import re
import resource
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field, replace

import hostile_messages
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.conversions.camera_info import to_camera_info
from mem4d_ros.ros.frame import IncomingFrame, ReconstructedFrame
from mem4d_ros.ros.health.resources import read_resources
from mem4d_ros.ros.interface.settings import InputSettings, Settings
from mem4d_ros.ros.pipeline.processor import FrameProcessor
from mem4d_ros.ros.reporting import MAX_LENGTH, Reporter
from mem4d_ros.runtime import FrameRejected
from mem4d_ros.runtime.preprocess import resize_and_crop
from mem4d_ros.sensor_messages.raw_image import MAX_PIXELS, MIN_SIDE

SETTINGS = Settings()
AS_THEY_ARE = replace(SETTINGS, input=InputSettings(undistort=False))
MODEL_SIDE = 64
MAX_GROWTH_MB = 50
"""Of resident memory that is no leak: what allocators keep."""


@dataclass(frozen=True)
class Seen:
    """What the processor asks of a reconstruction."""

    intrinsics: np.ndarray
    input_transform: ImageTransform

    def of_pixels(self, valid: np.ndarray) -> Seen:
        transform = self.input_transform
        assert valid.shape == (transform.output_height, transform.output_width), valid.shape
        return self


class Network:
    """In the reconstructor's place: looks at what it is given as closely as a network would."""

    memory = MemorySizes(0, 0, 1)
    takes_evidence = False

    def reset(self) -> None:
        pass

    def resize_memory(self, memory: MemorySizes) -> None:
        self.memory = memory

    def process(
        self,
        image: np.ndarray,
        stamp_ns: int,
        intrinsics: np.ndarray | None,
        points: None = None,
        metres: float = 1.0,
        odom_from_camera: None = None,
    ) -> Seen:
        height, width, channels = image.shape
        assert image.dtype == np.uint8
        assert channels == 3
        assert min(height, width) >= MIN_SIDE
        assert height * width <= MAX_PIXELS
        try:
            transform = ImageTransform.fit(width, height, MODEL_SIDE)
        except ValueError as error:
            raise FrameRejected(str(error)) from error
        resize_and_crop(image, transform)
        if intrinsics is None:
            return Seen(np.eye(3), transform)
        moved = transform.intrinsics_to_model(intrinsics)
        assert np.isfinite(moved).all(), moved
        assert min(moved[0, 0], moved[1, 1]) > 0, moved
        return Seen(moved, transform)


class Log:
    """Says nothing, but looks at every line."""

    def info(self, message: str) -> None:
        assert message.isprintable()
        assert len(message) <= MAX_LENGTH

    warning = error = info


@dataclass
class Tally:
    """What became of the inputs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    slowest_s: float = 0.0
    slowest: int = 0


def main() -> int:
    """Try the inputs and print what became of them; 1 if one was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    options = parser.parse_args()
    faulthandler.enable()
    tally = Tally()
    warm_up = max(1, options.inputs // 10)
    started = time.process_time()
    for count in range(options.inputs):
        if count == warm_up:
            resident, peak = _resident_mb(), _peak_mb()
        try_input(options.first + count, tally)
        if (count + 1) % 10_000 == 0:
            print(f"{count + 1} inputs, {tally.faults} faults", file=sys.stderr, flush=True)
    seconds = time.process_time() - started
    print(f"inputs         {options.inputs} in {seconds:.0f} s of CPU, {tally.faults} faults")
    for outcome, times in tally.outcomes.most_common():
        print(f"  {times:8} {outcome}")
    print(f"slowest        {tally.slowest_s * 1e3:.0f} ms of CPU, number {tally.slowest}")
    if options.inputs == 1:
        return 1 if tally.faults else 0
    growth = _resident_mb() - resident
    print(f"resident       {resident:.0f} MB after {warm_up}, {growth:+.1f} MB since")
    print(f"most resident  {peak:.0f} MB then, {_peak_mb():.0f} MB now")
    return 1 if tally.faults or growth > MAX_GROWTH_MB else 0


def try_input(number: int, tally: Tally) -> None:
    """Make the input of this number and note what becomes of it."""
    dice = random.Random(number)
    make = dice.choice((hostile_messages.image, hostile_messages.compressed_image))
    image = make(dice)
    info = None
    if dice.random() < 0.8:
        size = (image.width, image.height) if isinstance(image, Image) else (64, 48)
        info = hostile_messages.camera_info(dice, *size)
    settings = dice.choice((SETTINGS, AS_THEY_ARE))
    reporter = Reporter(Log())
    processor = FrameProcessor(Network(), Network.memory, lambda: settings, reporter)
    started = time.process_time()
    try:
        frame = processor.process(IncomingFrame(image, info, 0.0))
        _describe_depth_camera(frame)
        outcome = f"taken: {type(image).__name__}"
    except FrameRejected as rejected:
        reporter.error("rejected", str(rejected))
        outcome = f"rejected: {_kind_of(str(rejected))}"
    except Exception:
        outcome = "FAULT"
        tally.faults += 1
        print(f"input {number}:\n{traceback.format_exc()}", file=sys.stderr)
    seconds = time.process_time() - started
    tally.outcomes[outcome] += 1
    if seconds > tally.slowest_s:
        tally.slowest_s, tally.slowest = seconds, number


def _kind_of(message: str) -> str:
    """Its first words, without the numbers and names of this message."""
    return re.sub(r"'[^']*'|[\d.-]*\d", "…", message)[:60]


def _describe_depth_camera(frame: ReconstructedFrame) -> None:
    """As ~/depth/camera_info."""
    header = Header(stamp=frame.stamp, frame_id=frame.camera_frame)
    to_camera_info(frame.reconstruction.intrinsics, MODEL_SIDE, MODEL_SIDE, header)


def _resident_mb() -> float:
    return read_resources("cpu").resident / 1e6


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    sys.exit(main())
