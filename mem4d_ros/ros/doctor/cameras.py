"""The cameras that this machine sees, listened to for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mem4d_ros.doctor.finding import Finding
from mem4d_ros.ros.doctor.camera_checks import CHECKS
from mem4d_ros.ros.doctor.camera_seen import CameraSeen
from mem4d_ros.ros.doctor.nodes import CLOCK, STATUS
from mem4d_ros.ros.doctor.watching import qos, spin_for, subscribed
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

KINDS = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}
COMPRESSED_SUFFIX = "/compressed"
MOST_CAMERAS = 8
"""That are listened to; more would load a robot."""
BEST_EFFORT, RELIABLE = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE


def camera_findings(node: Node, seconds: float) -> Iterator[Finding]:
    """All findings of all cameras."""
    topics = camera_topics(node)
    if not topics:
        yield Finding("camera.topics", "skipped", "nobody publishes images in this domain")
        return
    listened = [look_at(node, topic, kind) for topic, kind in topics[:MOST_CAMERAS]]
    names = ", ".join(topic for topic, _ in topics)
    left_out = f"; the first {MOST_CAMERAS} are checked" if len(topics) > MOST_CAMERAS else ""
    yield Finding("camera.topics", "ok", f"{names}{left_out}", facts={"topics": len(topics)})
    listen(node, listened, seconds)
    for seen in listened:
        yield from (check(seen) for check in CHECKS)


def camera_topics(node: Node) -> list[tuple[str, str]]:
    """Names and types of image topics with publishers, but those of mem4d nodes and of checks."""
    listed = node.get_topic_names_and_types()
    ours = [name.rpartition("/")[0] + "/" for name, kinds in listed if STATUS in kinds]
    return [
        (name, kind)
        for name, kinds in sorted(listed)
        for kind in kinds
        if kind in KINDS
        and not name.startswith(("/mem4d_doctor_", *ours))
        and node.get_publishers_info_by_topic(name)
    ]


def look_at(node: Node, topic: str, kind: str) -> CameraSeen:
    """What the graph says of a topic."""
    publishers = node.get_publishers_info_by_topic(topic)
    base = topic.removesuffix(COMPRESSED_SUFFIX) if "Compressed" in kind else topic
    return CameraSeen(
        topic,
        kind,
        f"{base.rpartition('/')[0]}/camera_info",  # as image_transport pairs them
        tuple(sorted({f"{p.node_namespace.rstrip('/')}/{p.node_name}" for p in publishers})),
        any(p.qos_profile.reliability == BEST_EFFORT for p in publishers),
        time_is_simulated=node.count_publishers(CLOCK) > 0,
    )


def listen(node: Node, cameras: list[CameraSeen], seconds: float) -> None:
    """Fill in what comes over the topics of all cameras at once."""
    with ExitStack() as stack:
        for seen in cameras:
            asked = qos(BEST_EFFORT if seen.best_effort else RELIABLE)
            keep = partial(_keep_image, seen)
            stack.enter_context(subscribed(node, KINDS[seen.kind], seen.topic, keep, asked))
            keep = partial(_keep_info, seen)
            lax = qos(BEST_EFFORT, 1)  # matches every publisher, and is small
            stack.enter_context(subscribed(node, CameraInfo, seen.info_topic, keep, lax))
        started = time.monotonic()
        spin_for(node, seconds)
        for seen in cameras:
            seen.seconds = time.monotonic() - started


def _keep_image(seen: CameraSeen, image: Image | CompressedImage) -> None:
    stamp_ns = stamp_to_ns(image.header.stamp)
    seen.stamps_ns.append(stamp_ns)
    seen.delays_s.append((time.time_ns() - stamp_ns) / 1e9)
    if seen.first is None:
        seen.first = image


def _keep_info(seen: CameraSeen, info: CameraInfo) -> None:
    if seen.info is None:
        seen.info = info
