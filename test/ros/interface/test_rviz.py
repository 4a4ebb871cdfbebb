"""config/mem4d.rviz shows every output, as the node publishes it, without a click."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import FrameSettings, InputSettings

yaml = pytest.importorskip("yaml", reason="reads RViz's file with PyYAML")

CONFIG = Path(__file__).parents[3] / "config" / "mem4d.rviz"
MANAGER = yaml.safe_load(CONFIG.read_text())["Visualization Manager"]
DISPLAYS = MANAGER["Displays"]
SUBSCRIBED = {display["Topic"]["Value"]: display for display in DISPLAYS if "Topic" in display}
PUBLISHED = {topic.name.replace("~", "mem4d"): topic for topic in topics.OUTPUTS}

NOT_SHOWN = {
    "mem4d/status": "RViz has no display for it; it is in /diagnostics, too",
    "/diagnostics": "RViz has no display for it",
    "mem4d/depth/camera_info": "of use to who computes with the depth",
}
DISPLAY_OF_TYPE = {
    "PointCloud2": "PointCloud2",
    "Image": "Image",
    "Path": "Path",
    "Odometry": "Odometry",
    "OccupancyGrid": "Map",
    "Marker": "Marker",
}


def words(policy_name: str) -> str:
    """BEST_EFFORT as RViz writes it."""
    return policy_name.replace("_", " ").title()


def test_every_output_is_shown_or_has_a_reason_not_to_be() -> None:
    shown = set(SUBSCRIBED) - {topics.IMAGE}
    assert shown | set(NOT_SHOWN) == set(PUBLISHED)
    assert not shown & set(NOT_SHOWN)


def test_nothing_waits_for_a_click() -> None:
    assert [display["Name"] for display in DISPLAYS if not display["Enabled"]] == []


@pytest.mark.parametrize("name", sorted(set(PUBLISHED) - set(NOT_SHOWN)))
def test_outputs_are_shown_with_the_nodes_type_and_quality_of_service(name: str) -> None:
    topic, display = PUBLISHED[name], SUBSCRIBED[name]
    assert display["Class"] == f"rviz_default_plugins/{DISPLAY_OF_TYPE[topic.type.__name__]}"
    assert display["Topic"]["Reliability Policy"] == words(topic.qos.reliability.name)
    assert display["Topic"]["Durability Policy"] == words(topic.qos.durability.name)
    assert display["Topic"]["History Policy"] == words(topic.qos.history.name)
    assert display["Topic"]["Depth"] == topic.qos.depth


def test_the_image_is_shown_whatever_the_camera_offers() -> None:
    display = SUBSCRIBED[topics.image_topic(InputSettings()).name]
    assert display["Class"] == "rviz_default_plugins/Image"
    assert display["Topic"]["Reliability Policy"] == "Best Effort"


def test_topics_follow_the_namespace() -> None:
    assert not [name for name in SUBSCRIBED if name.startswith("/")]


def test_tf_is_shown_in_the_nodes_map() -> None:
    assert "rviz_default_plugins/TF" in {display["Class"] for display in DISPLAYS}
    assert MANAGER["Global Options"]["Fixed Frame"] == FrameSettings().map
