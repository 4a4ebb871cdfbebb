"""The table of topics is what the node has, and what the README's table says."""

from __future__ import annotations

from rclpy.expand_topic_name import expand_topic_name
from ros_probe import Start

from mem4d_ros.ros.interface import topics


def test_the_node_publishes_the_table(start: Start) -> None:
    ros = start()
    found = {publisher.topic_name: publisher.msg_type for publisher in ros.node.publishers}
    del found["/parameter_events"]
    assert found == {
        expand_topic_name(topic.name, "mem4d", "/"): topic.type
        for topic in (*topics.OUTPUTS, topics.TF)
    }


def test_the_node_offers_the_quality_of_service_of_the_table(start: Start) -> None:
    ros = start()
    for topic in (*topics.OUTPUTS, topics.TF):
        name = expand_topic_name(topic.name, "mem4d", "/")
        (publisher,) = ros.node.get_publishers_info_by_topic(name)
        assert publisher.qos_profile.reliability == topic.qos.reliability
        assert publisher.qos_profile.durability == topic.qos.durability


def test_the_node_offers_the_services_of_the_table(start: Start) -> None:
    ros = start()
    for service in topics.SERVICES:
        name = expand_topic_name(service.name, "mem4d", "/")
        assert ros.client_of(service.type, name).service_is_ready()


def test_the_markdown_table_names_every_topic() -> None:
    lines = topics.markdown().splitlines()
    for topic in (*topics.OUTPUTS, topics.CAMERA_INFO, topics.TF):
        (line,) = (line for line in lines if f"| `{topic.name}` |" in line)
        assert topics.type_name(topic.type) in line
        assert topics.describe_qos(topic) in line
        assert topic.description in line
    for service in topics.SERVICES:
        assert any(f"| `{service.name}` |" in line for line in lines)
