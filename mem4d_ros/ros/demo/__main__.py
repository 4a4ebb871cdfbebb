"""`python -m mem4d_ros.ros.demo`: run the demo and end by itself. The listener is this process."""

from __future__ import annotations

import argparse
import math
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from mem4d_ros.ros.demo import topics
from mem4d_ros.ros.demo.listener import NODE, Listener
from mem4d_ros.ros.demo.processes import Child, ChildProcesses, end, node_arguments
from mem4d_ros.ros.demo.report import Report, make_report, write_results

DISCOVERY_S = 1.0
START_TIMEOUT_S = 120.0
SETTLE_TIMEOUT_S = 60.0
BROWSER_TIMEOUT_S = 600.0
VIEWER = "mem4d_ros.ros.viewer.main"
PROGRESS_S = 5.0
QUIET_S = 1.5
PACED_HZ = 5.0

Needed = Mapping[str, Child]
"""Processes without which the demo cannot go on, by what they are."""


class DemoError(RuntimeError):
    """The demo cannot go on; the message names the reason."""


def main() -> int:
    """Run everything; exit status 1 if a frame or an output is unaccounted for."""
    options = parse_options()
    if options.source is not None and not options.source.exists():
        print(f"demo: SOURCE {options.source} does not exist", file=sys.stderr)
        return 1
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"demo: OUT {options.out} can be no folder: {error.strerror}", file=sys.stderr)
        return 1
    # Also where it runs in the background, which ignores Ctrl-C: no child is left behind.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    # Its own handlers would end the context under what is still to be shown.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    listener = Listener()
    executor = SingleThreadedExecutor()
    executor.add_node(listener)
    try:
        report, node_status = run(options, listener, executor)
    except DemoError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped")
        return 130
    written = write_results(report, listener, options.out)
    print("\n" + report.table() + "\n")
    print("written: " + ", ".join(str(path) for path in written))
    faults = report.faults
    if node_status != 0:
        faults = [*faults, f"the node ended with status {node_status}"]
    for fault in faults:
        print(f"demo: {fault}", file=sys.stderr)
    if faults:
        return 1
    print(report.conclusion(options.out))
    return 0


def parse_options() -> argparse.Namespace:
    """The command line; what the source understands is passed on to it."""
    parser = argparse.ArgumentParser(prog="mem4d_ros.ros.demo", description=__doc__)
    parser.add_argument("--source", type=Path, help="folder of images or video; else procedural")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for pictures")
    parser.add_argument(
        "--rate",
        type=rate,
        help=f"frames per second of the source; else at most {PACED_HZ:g}, as this machine allows",
    )
    parser.add_argument("--frames", type=int, default=60, help="frames of the procedural scene")
    parser.add_argument("--seed", type=int, default=3, help="seed of the procedural scene")
    parser.add_argument("--view", action="store_true", help="show it in the browser, until Ctrl-C")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME:=VALUE", help="parameter of the node"
    )
    return parser.parse_args()


def rate(text: str) -> float:
    """A number above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no rate above 0")
    return number


def run(
    options: argparse.Namespace, listener: Listener, executor: SingleThreadedExecutor
) -> tuple[Report, int]:
    """Start source and node, listen until every frame is accounted for, end them."""
    spin_for(executor, DISCOVERY_S)
    if listener.count_publishers(NODE + "status"):
        raise DemoError("another mem4d node runs here: stop it, or set another ROS_DOMAIN_ID")
    with ChildProcesses() as children:
        node = children.start("mem4d_ros.ros.main", node_arguments(options.param))
        needed = {"node": node}
        wait_for_node(listener, executor, needed)
        if options.view:
            viewer_arguments = ["--ros-args", "--remap", f"image:={topics.IMAGE}"]
            needed["viewer"] = children.start(VIEWER, viewer_arguments)
        arguments = ["--rate", str(options.rate or PACED_HZ), "--frames", str(options.frames)]
        arguments += ["--seed", str(options.seed)]
        if options.view:  # the viewer listens as soon as there is a browser
            print("images come once your browser has opened the viewer", flush=True)
            arguments += ["--subscribers", "3", "--patience", str(BROWSER_TIMEOUT_S)]
        else:
            arguments += ["--subscribers", "2"]
        if options.source is not None:
            arguments += ["--source", str(options.source)]
        if options.rate is None:
            arguments.append("--paced")
            print(f"images come as fast as this machine takes them, at most {PACED_HZ:g} a second")
        source = children.start("mem4d_ros.ros.demo.source", arguments, stdout=subprocess.PIPE)
        sent = follow(listener, executor, source, needed)
        settle(listener, executor, needed, sent)
        if options.view:
            stay(executor, node)
        status = end(node)
    return make_report(sent, listener.heard), status


def spin_for(executor: SingleThreadedExecutor, seconds: float) -> None:
    """Serve callbacks for a while."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left)


def wait_for_node(listener: Listener, executor: SingleThreadedExecutor, needed: Needed) -> None:
    """Until the node reports for the first time."""
    print("starting the node ...", flush=True)
    deadline = time.monotonic() + START_TIMEOUT_S
    while listener.heard.status is None:
        require_alive(needed)
        if time.monotonic() > deadline:
            raise DemoError(f"the node did not report within {START_TIMEOUT_S:.0f} s")
        spin_for(executor, 0.1)


def stay(executor: SingleThreadedExecutor, node: Child) -> None:
    """Keep the scene to look at, until Ctrl-C."""
    print("\nall images are played; look around, Ctrl-C ends", flush=True)
    try:
        while node.poll() is None:
            spin_for(executor, 0.2)
    except KeyboardInterrupt:
        print()


def follow(
    listener: Listener, executor: SingleThreadedExecutor, source: Child, needed: Needed
) -> int:
    """Listen while the source plays; the number of frames it sent."""
    progress = ProgressLine(listener)
    while source.poll() is None:
        require_alive(needed)
        spin_for(executor, 0.2)
        progress.show()
    output, _ = source.communicate()
    if source.returncode != 0:
        raise DemoError("the image source failed, see above")
    return int(output)


def settle(listener: Listener, executor: SingleThreadedExecutor, needed: Needed, sent: int) -> None:
    """Listen until the node has accounted for all frames and nothing more arrives."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    progress = ProgressLine(listener)
    while listener.heard.accounted < sent and time.monotonic() < deadline:
        require_alive(needed)
        spin_for(executor, 0.2)
        progress.show()
    spin_for(executor, QUIET_S)
    progress.show()


def require_alive(needed: Needed) -> None:
    """None of them may end before the demo does."""
    for name, child in needed.items():
        if child.poll() is not None:
            raise DemoError(f"the {name} ended with status {child.returncode}, see above")


class ProgressLine:
    """Progress of the run: one line that is overwritten, or in a log one every few seconds."""

    def __init__(self, listener: Listener) -> None:
        self._heard = listener.heard
        self._on_terminal = sys.stdout.isatty()
        self._next_s = time.monotonic()

    def show(self) -> None:
        """Write the line if it is time."""
        status = self._heard.status
        if status is None or not status.frames_received or time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + (0 if self._on_terminal else PROGRESS_S)
        line = (
            f"{status.frames_received:5d} frames in, {status.frames_processed} processed, "
            f"{status.frames_dropped} dropped, {status.frames_rejected} rejected; "
            f"{self._heard.clouds} clouds, {self._heard.depths} depths, "
            f"{self._heard.poses} poses out; {status.rate_hz:.1f} Hz"
        )
        print(f"\r{line}  " if self._on_terminal else line, end="", flush=True)
        if not self._on_terminal:
            print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
