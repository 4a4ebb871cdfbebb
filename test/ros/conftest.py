"""The node in this process with a fake network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from mem4d_ros.msg import Mem4DStatus
from ros_probe import Ros, Session, Start, connected, make_image
from sensor_msgs.msg import Image
from tf2_msgs.msg import TFMessage
from wall_model import WallModel

from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.node import Mem4DNode
from mem4d_ros.runtime import FrameModel, OnlineReconstructor, make_pose_source
from mem4d_ros.runtime.pose_sources import AUTO

IMAGE_SIZE = 64
AT_THEIR_OWN_RATE = (
    topics.STATUS,
    topics.DIAGNOSTICS,
    topics.STATIC_MAP,
    topics.OCCUPANCY,
    topics.LANDMARKS,
    topics.LOOPS,
)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the node with a model and parameters, as `-p name:=value` would set them."""
    with ExitStack() as stack:

        def start(
            model: FrameModel | None = None,
            remappings: Sequence[str] = (),
            arguments: Sequence[str] = (),
            image_size: int = IMAGE_SIZE,
            **groups: dict[str, Any],
        ) -> Ros:
            arguments = [*arguments, "-p", "status.period_s:=0.05"]
            for group, values in groups.items():
                for name, value in values.items():
                    text = f'"{value}"' if isinstance(value, str) else value
                    # `frames_` is the group `frames`: `session` has an argument of that name.
                    arguments += ["-p", f"{group.rstrip('_')}.{name}:={text}"]
            for remapping in remappings:
                arguments += ["-r", f"mem4d:{remapping}"]

            def load(settings: Settings) -> LoadedModel:
                sizes = settings.memory.sizes(MemorySizes())
                source = make_pose_source(
                    "head" if settings.pose.source == AUTO else settings.pose.source
                )
                online = OnlineReconstructor(
                    model or WallModel(), image_size, sizes, pose_source=source
                )
                return LoadedModel(online, "lite", "", "cpu", "fp32", image_size, MemorySizes())

            def make_node() -> Mem4DNode:
                node = Mem4DNode(load)
                assert node.start()
                return node

            ros = stack.enter_context(connected(arguments, make_node))
            ros.listen(Mem4DStatus, ros.node.resolve_topic_name("~/status"))
            return ros

        yield start


@pytest.fixture
def session(start: Start) -> Session:
    """Start the node, listen to everything, play frames 0.1 s apart; the messages by topic."""

    def session(frames: int, model: WallModel | None = None, **groups: Any) -> Any:
        ros = start(model, **groups)
        outputs = [topic for topic in topics.OUTPUTS if topic not in AT_THEIR_OWN_RATE]
        received = {
            topic.name: ros.listen(topic.type, topic.name.replace("~", "/mem4d"))
            for topic in outputs
        }
        transforms = ros.listen(TFMessage, "/tf")
        ros.play(ros.talker(Image, "/image"), *(make_image(10 + 0.1 * i) for i in range(frames)))
        for topic in outputs:
            ros.wait_for(lambda topic=topic: len(received[topic.name]) == frames, topic.name)
        if ros.node.count_publishers("/tf"):
            ros.wait_for(lambda: len(transforms) == frames, "/tf")
        return ros, received | {"/tf": transforms}

    return session
