"""The policy for SROS 2 allows what the node does, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ros_probe import Ros

from mem4d_ros.ros import topics
from mem4d_ros.ros.sros2_policy import policy

FILE = Path(__file__).parents[2] / "config" / "sros2_policy.xml"
ONLY_SOMETIMES = {"/clock", "~/get_type_description"}
"""With use_sim_time, and in ROS 2 Jazzy or newer."""


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
def test_it_is_what_a_running_node_does(start: Callable[..., Ros], mode: str) -> None:
    namespace = f"/only_{mode}"  # the graph remembers nodes of other tests for a while
    ros = start(remappings=[f"__ns:={namespace}"], tf={"mode": mode})
    text = policy(namespace)
    sometimes = {name.replace("~", f"{namespace}/mem4d") for name in ONLY_SOMETIMES}
    sometimes.add(f"{namespace}/image/compressed")
    if mode != "map_to_odom":
        sometimes.add(f"{namespace}/odometry")
    for kind, verb, names_and_types in (
        ("topic", "publish", ros.probe.get_publisher_names_and_types_by_node),
        ("topic", "subscribe", ros.probe.get_subscriber_names_and_types_by_node),
        ("service", "reply", ros.probe.get_service_names_and_types_by_node),
    ):
        granted = allowed(text, kind, verb)
        needed = granted - sometimes

        def found(names_and_types=names_and_types) -> set[str]:
            return {name for name, _ in names_and_types("mem4d", namespace)}

        ros.wait_for(lambda f=found, n=needed: f() >= n, f"all that it may {verb}")
        assert found() <= granted
