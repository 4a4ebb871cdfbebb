"""A node with our Fast DDS profile and a participant without one hear each other."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from mem4d_ros.msg import Mem4DStatus
from node_process import INTRODUCTION, NodeProcess
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_probe import connected, make_image
from sensor_msgs.msg import Image, PointCloud2

from mem4d_ros.ros.transport import OLD_PROFILE_VARIABLE, PROFILE_VARIABLE, profile_settings

BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture
def node() -> Iterator[NodeProcess]:
    node = NodeProcess(
        *("-p", "model.threads:=1", "-p", "status.period_s:=0.1"),
        *("-p", "input.reliability:=reliable", "-p", "input.history_depth:=5"),
        environment=profile_settings({"ROS_DISTRO": os.environ.get("ROS_DISTRO", "")}),
    )
    yield node
    node.stop()


@pytest.mark.skipif(
    "fastrtps" not in os.environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp"),
    reason="the middleware is not Fast DDS",
)
@pytest.mark.skipif(
    any(variable in os.environ for variable in (PROFILE_VARIABLE, OLD_PROFILE_VARIABLE)),
    reason="a Fast DDS profile is set for this process, too",
)
def test_the_node_talks_to_a_default_participant_both_ways(node: NodeProcess) -> None:
    with connected() as ros:
        small = ros.listen(PointCloud2, "/mem4d/points")
        large = ros.listen(PointCloud2, "/mem4d/points_camera", BEST_EFFORT)
        node.wait_for(INTRODUCTION)
        # Subscriptions are announced in order: a node that serves the last one has found all.
        ros.listen(Mem4DStatus, "/mem4d/status")
        ros.status()
        images = ros.talker(Image, "/image")
        ros.play(images, *(make_image(stamp) for stamp in range(1, 6)))  # to the node
        ros.wait_for(lambda: len(small) == 5)  # and from it
        ros.wait_for(lambda: len(large) >= 4, "best-effort clouds of 1 MB")
    assert "XMLPARSER" not in node.log
