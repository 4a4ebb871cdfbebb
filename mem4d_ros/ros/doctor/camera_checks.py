"""What can be wrong with a camera, judged by what came over its topics."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from mem4d_ros.doctor.finding import Fact, Finding
from mem4d_ros.ros.doctor.camera_seen import CameraSeen
from mem4d_ros.sensor_messages.camera_info import CameraInfoError
from mem4d_ros.sensor_messages.compressed_image import compressed_to_rgb
from mem4d_ros.sensor_messages.lens import Lens, is_rectified
from mem4d_ros.sensor_messages.raw_image import UnusableImage, raw_to_rgb

LARGE = 512 * 1024
"""Bytes of Fast DDS' default segment: a larger message does not go through it in one piece."""
SLOW_HZ = 2.0
BLACK, FLAT = 8.0, 2.0
"""Mean grey level, and its deviation, of an image of which nothing can be reconstructed."""
OLD_S, AHEAD_S = 5.0, 0.5
"""Between a stamp and its image's arrival, beyond which they are of two clocks."""
NOTHING = "no image came"


def check_arrival(seen: CameraSeen) -> Finding:
    """Whether images arrive, and often enough."""
    count = len(seen.stamps_ns)
    rate = count / seen.seconds if seen.seconds else 0.0
    facts: dict[str, Fact] = {
        "images": count,
        "rate_hz": round(rate, 2),
        "publishers": ", ".join(seen.publishers),
    }
    if not count:
        return Finding(
            "camera.arrival",
            "error",
            f"{', '.join(seen.publishers)} publishes it, but nothing came in {seen.seconds:.1f} s",
            "is the driver running and its lens not waiting for a trigger? Otherwise its images are"
            " lost on the way: see dds.best_effort, camera.qos and shared_memory.rights",
            seen.topic,
            facts,
        )
    if rate < SLOW_HZ:
        return Finding(
            "camera.arrival",
            "warning",
            f"{rate:.1f} images/s from {', '.join(seen.publishers)}",
            "raise the driver's rate, or see dds.best_effort if it is higher: between two images"
            " the camera must not move far",
            seen.topic,
            facts,
        )
    summary = f"{rate:.1f} images/s from {', '.join(seen.publishers)}"
    return Finding("camera.arrival", "ok", summary, "", seen.topic, facts)


def check_qos(seen: CameraSeen) -> Finding:
    """Best effort loses images that are larger than the transport's segment."""
    size = len(seen.first.data) if seen.first is not None else 0
    facts = {"bytes": size, "best_effort": seen.best_effort}
    offered = "best effort" if seen.best_effort else "reliable"
    if seen.best_effort and size > LARGE:
        return Finding(
            "camera.qos",
            "warning",
            f"images of {size / 1e6:.1f} MB are sent best effort, which loses large ones",
            "let the driver send reliably, start it with config/fastdds.xml (dds.best_effort"
            " says whether that helps), or subscribe to compressed images",
            seen.topic,
            facts,
        )
    return Finding("camera.qos", "ok", f"{offered}, {size / 1e6:.2f} MB", "", seen.topic, facts)


def check_image(seen: CameraSeen) -> Finding:
    """Whether the node can read the images, and whether there is something to see."""
    image, fault = _decoded(seen)
    if image is None:
        if seen.first is None:
            return Finding("camera.image", "skipped", NOTHING, "", seen.topic)
        return Finding(
            "camera.image",
            "error",
            fault,
            "set the driver to rgb8, bgr8, mono8, yuyv or jpeg",
            seen.topic,
        )
    height, width = image.shape[:2]
    grey = image.mean(-1)
    facts = {
        "width": width,
        "height": height,
        "encoding": getattr(seen.first, "encoding", "") or getattr(seen.first, "format", ""),
        "mean": round(float(grey.mean()), 1),
        "deviation": round(float(grey.std()), 1),
    }
    if grey.mean() < BLACK or grey.std() < FLAT:
        what = "black" if grey.mean() < BLACK else "of one colour"
        return Finding(
            "camera.image",
            "warning",
            f"{width}x{height}, but {what}",
            "take off the lens cap, switch the light on, look at the driver's exposure; 16 bits of"
            " depth are no picture",
            seen.topic,
            facts,
        )
    return Finding("camera.image", "ok", f"{width}x{height}", "", seen.topic, facts)


def check_frame(seen: CameraSeen) -> Finding:
    """Whether images say where they were taken."""
    if seen.first is None:
        return Finding("camera.frame", "skipped", NOTHING, "", seen.topic)
    frame = seen.first.header.frame_id
    if not frame:
        return Finding(
            "camera.frame",
            "error",
            "header.frame_id is empty: the node rejects such images",
            "set the driver's frame id (camera_frame_id, frame_id), or the node's frames.camera",
            seen.topic,
        )
    return Finding("camera.frame", "ok", frame, "", seen.topic, {"frame_id": frame})


def check_stamp(seen: CameraSeen) -> Finding:
    """Whether stamps are set, go on, and are of this machine's time."""
    if seen.first is None:
        return Finding("camera.stamp", "skipped", NOTHING, "", seen.topic)
    delay_s = statistics.median(seen.delays_s)
    facts = {"delay_s": round(delay_s, 3), "simulated_time": seen.time_is_simulated}
    if not any(seen.stamps_ns):
        return Finding(
            "camera.stamp",
            "error",
            "all stamps are zero",
            "let the driver stamp its images: nothing can be brought together with them, neither"
            " TF nor CameraInfo",
            seen.topic,
            facts,
        )
    if any(after <= before for before, after in pairwise(seen.stamps_ns)):
        return Finding(
            "camera.stamp",
            "warning",
            "stamps repeat or go back",
            "do two drivers publish on this topic, or is a bag played in a loop? Each step back"
            " starts a new world",
            seen.topic,
            facts,
        )
    if not seen.time_is_simulated and not -AHEAD_S < delay_s < OLD_S:
        return Finding(
            "camera.stamp",
            "warning",
            f"stamps are {abs(delay_s):.1f} s {'old' if delay_s > 0 else 'ahead'} of this machine's"
            " clock: TF cannot be looked up at their time",
            "synchronise the machines (chrony), let the driver stamp by the system's clock, or play"
            " the bag with --clock and use_sim_time",
            seen.topic,
            facts,
        )
    return Finding("camera.stamp", "ok", f"{delay_s:.3f} s old", "", seen.topic, facts)


def check_info(seen: CameraSeen) -> Finding:
    """Whether CameraInfo is of use to the node, judged as the node does."""
    if seen.info is None:
        return _no_use(
            seen,
            f"nothing came on {seen.info_topic}",
            "publish the camera's calibration there, or remap camera_info to its topic",
        )
    facts = {"width": seen.info.width, "height": seen.info.height, "frame_id": _frame(seen.info)}
    if not any(seen.info.k) and not any(seen.info.p):
        return _no_use(seen, "K is zero", "calibrate the camera (camera_calibration)", facts)
    image, _ = _decoded(seen)
    if image is None:
        return Finding("camera.info", "skipped", NOTHING, "", seen.topic, facts)
    try:
        straight = Lens().straighten(image, seen.info, is_rectified(seen.topic))
    except CameraInfoError as error:
        remedy = "calibrate at the size at which images are sent, or send them at that size"
        return _no_use(seen, str(error), remedy, facts)
    if _frame(seen.info) != _frame(seen.first):
        return Finding(
            "camera.info",
            "warning",
            f"its frame is {_frame(seen.info)!r}, the images' is {_frame(seen.first)!r}",
            "give both one frame id: is it the CameraInfo of this camera?",
            seen.topic,
            facts,
        )
    assert straight.intrinsics is not None
    field_deg = 2 * math.degrees(math.atan2(image.shape[1] / 2, straight.intrinsics[0, 0]))
    summary = f"{straight.source}, {field_deg:.0f} degrees wide"
    return Finding("camera.info", "ok", summary, "", seen.topic, facts)


def _no_use(
    seen: CameraSeen, what: str, remedy: str, facts: dict[str, Fact] | None = None
) -> Finding:
    summary = f"{what}: intrinsics are predicted, and the scale with them"
    return Finding("camera.info", "warning", summary, remedy, seen.topic, facts or {})


def _frame(message: Any) -> str:
    return str(message.header.frame_id)


def _decoded(seen: CameraSeen) -> tuple[np.ndarray | None, str]:
    """The first image, (H, W, 3) uint8 RGB, or None and why not."""
    if seen.first is None:
        return None, NOTHING
    read = raw_to_rgb if hasattr(seen.first, "encoding") else compressed_to_rgb
    try:
        return read(seen.first), ""
    except UnusableImage as error:
        return None, str(error)


CHECKS: tuple[Callable[[CameraSeen], Finding], ...] = (
    check_arrival,
    check_qos,
    check_image,
    check_frame,
    check_stamp,
    check_info,
)
