"""What `mem4d view` does: a source into a scene, the scene into browsers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import load_named_network, named_camera
from mem4d_ros.cli.reconstruct.run import numbered
from mem4d_ros.cli.terminal.interruption import stop_on_request
from mem4d_ros.cli.terminal.remarks import Remarks
from mem4d_ros.cli.view.live import LiveRun
from mem4d_ros.datasets import FrameError, InOrder, open_samples
from mem4d_ros.mapping.store import MapError, is_map
from mem4d_ros.viewer.controls import Recording
from mem4d_ros.viewer.finished import FinishedRecording, is_finished
from mem4d_ros.viewer.opening import ViewerUnavailable, open_viewer
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.saved_map import SavedMap
from mem4d_ros.viewer.scene import Scene


def view(options: argparse.Namespace) -> int:
    """Show the source until a signal ends it."""
    if is_finished(options.source):
        return view_recording(options, FinishedRecording)
    if is_map(options.source):
        return view_recording(options, SavedMap)
    return view_live(options)


def view_recording(options: argparse.Namespace, opened: Callable[[Path, Scene], Recording]) -> int:
    """Show a folder that is finished."""
    scene = Scene()
    try:
        recording = opened(options.source, scene)
    except (OSError, ValueError, MapError) as error:
        raise UserError(str(error)) from error
    serve(scene, options, recording=recording)
    return 0


def view_live(options: argparse.Namespace) -> int:
    """Reconstruct a source, and show how that goes; the exit status is 1 if that failed."""
    say = Remarks(options.command, sys.stderr)
    try:
        samples = open_samples(
            options.source, options.dataset, options.topic, say, named_camera(options)
        )
    except FrameError as error:
        raise UserError(str(error)) from error
    reconstructor = load_named_network(options).reconstructor(options.pose_source)
    scene = Scene()
    taken = numbered(InOrder(samples, say), 0, options.stride, options.frames)
    live = LiveRun(reconstructor, taken, options.rate, scene, say)
    serve(scene, options, controls=live)
    return 1 if live.has_failed else 0


def serve(
    scene: Scene,
    options: argparse.Namespace,
    controls: LiveRun | None = None,
    recording: Recording | None = None,
) -> None:
    """Serve browsers until a signal comes."""
    told = ViewerOptions(
        title=options.source.resolve().name,
        host=options.host,
        port=options.port,
        bytes_per_second=options.bandwidth * 1e6,
        most_points=options.points,
        follows=recording is None,
    )
    # Before there is a viewer, whose threads would outlive an interruption that ends this one.
    with stop_on_request() as should_stop:
        try:
            viewer = open_viewer(scene, told, controls, recording)
        except ViewerUnavailable as error:
            raise UserError(str(error)) from error
        print(f"open {viewer.window.url} in a browser; Ctrl-C ends", flush=True)
        if controls is not None:
            controls.start()
        viewer.run(should_stop)
        if controls is not None:
            controls.stop()
