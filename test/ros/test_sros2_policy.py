"""The policy for SROS 2 allows what the node does, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ros_probe import Ros

from mem4d_ros.ros import topics
from mem4d_ros.ros.sros2_policy import policy

FILE = Path(__file__).parents[2] / "config" / "sros2_policy.xml"
ONLY_SOMETIMES = {"/image/compressed", "/clock", "/mem4d/get_type_description"}
"""input.image_transport compressed, use_sim_time, and ROS 2 Jazzy or newer."""


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
    with pytest.raises(ValueError, match="must be absolute|invalid"):
        policy(namespace)


def names(names_of: Callable[[str, str], list[tuple[str, list[str]]]]) -> set[str]:
    """What the ROS graph knows of the node."""
    return {name for name, _ in names_of("mem4d", "/")}


@pytest.mark.parametrize("mode", ["camera", "base"])
def test_it_is_what_a_running_node_does(start, mode: str) -> None:
    ros: Ros = start(tf={"mode": mode})
    assert ros.node is not None
    for kind, verb, names_of in (
        ("topic", "publish", ros.probe.get_publisher_names_and_types_by_node),
        ("topic", "subscribe", ros.probe.get_subscriber_names_and_types_by_node),
        ("service", "reply", ros.probe.get_service_names_and_types_by_node),
    ):
        granted = allowed(policy(), kind, verb)
        needed = granted - ONLY_SOMETIMES
        ros.wait_for(lambda f=names_of, n=needed: names(f) >= n, f"all that it may {verb}")
        assert names(names_of) <= granted
