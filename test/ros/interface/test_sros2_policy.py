"""The policy for SROS 2 allows what the node does, and nothing else."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from ros_probe import Start

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.sros2_policy import policy

FILE = Path(__file__).parents[3] / "config" / "sros2_policy.xml"
ONLY_SOMETIMES = {
    "/clock",
    "/image/compressed",
    "/evidence/points",
    "/mem4d/get_type_description",
}
"""With use_sim_time, compressed images, evidence.enabled, and in ROS 2 Jazzy or newer."""
BELOW_PYTHON = {"/rosout", "/mem4d/transition_event"}
"""Made by rcl, so that rclpy does not list them."""


def allowed(text: str, kind: str, verb: str) -> set[str]:
    """Names of topics or services that the policy allows."""
    (names,) = ElementTree.fromstring(text).findall(f".//{kind}s[@{verb}='ALLOW']")
    return {name.text or "" for name in names}


def test_the_file_is_generated() -> None:
    assert FILE.read_text() == policy()


def test_it_allows_all_of_the_table() -> None:
    published = allowed(policy(), "topic", "publish")
    assert {topic.name.replace("~", "/mem4d") for topic in topics.OUTPUTS} <= published
    services = allowed(policy(), "service", "reply")
    assert {service.name.replace("~", "/mem4d") for service in topics.SERVICES} <= services


def test_it_follows_namespace_and_remapping() -> None:
    text = policy("/robot1", {"image": "/camera/image_raw"})
    context = ElementTree.fromstring(text).find(".//context")
    assert context is not None
    assert context.get("path") == "/robot1/mem4d"
    heard = allowed(text, "topic", "subscribe")
    assert {"/camera/image_raw", "/camera/image_raw/compressed", "/robot1/camera_info"} <= heard
    assert not any(name.startswith("/image") for name in heard)
    assert "/tf" in heard
    assert "/robot1/mem4d/points" in allowed(text, "topic", "publish")


@pytest.mark.parametrize("namespace", ["robot1", "/robot 1", "/<evil>"])
def test_what_is_no_name_is_refused(namespace: str) -> None:
    with pytest.raises(ValueError, match=r"must be absolute|invalid"):
        policy(namespace)


@pytest.mark.parametrize("mode", ["camera", "base", "map_to_odom"])
def test_it_is_what_a_running_node_does(start: Start, mode: str) -> None:
    node = start(tf={"mode": mode}).node
    sometimes = ONLY_SOMETIMES | (set() if mode == "map_to_odom" else {"/odometry"})
    for kind, verb, done in (
        ("topic", "publish", {publisher.topic_name for publisher in node.publishers}),
        ("topic", "subscribe", {subscription.topic_name for subscription in node.subscriptions}),
        ("service", "reply", {node.resolve_service_name(s.srv_name) for s in node.services}),
    ):
        granted = allowed(policy(), kind, verb)
        assert done <= granted
        assert granted - done <= sometimes | BELOW_PYTHON
