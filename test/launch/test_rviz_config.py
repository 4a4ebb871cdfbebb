"""RViz is shown every topic with a quality of service that matches the node's."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import FrameSettings, InputSettings

CONFIG = Path(__file__).parents[2] / "config" / "mem4d.rviz"
MANAGER = yaml.safe_load(CONFIG.read_text())["Visualization Manager"]
DISPLAYS = {display["Name"]: display for display in MANAGER["Displays"]}
SUBSCRIBED = {
    display["Topic"]["Value"]: display for display in DISPLAYS.values() if "Topic" in display
}
PUBLISHED = {topic.name.replace("~", "mem4d"): topic for topic in topics.OUTPUTS}
DISPLAY_OF_TYPE = {"PointCloud2": "PointCloud2", "Image": "Image", "Path": "Path"}


def words(policy_name: str) -> str:
    """BEST_EFFORT as RViz writes it."""
    return policy_name.replace("_", " ").title()


@pytest.mark.parametrize(
    "name",
    [
        "mem4d/points",
        "mem4d/points_camera",
        "mem4d/static_map",
        "mem4d/dynamic_points",
        "mem4d/depth/image",
        "mem4d/path",
    ],
)
def test_outputs_are_shown_with_the_nodes_quality_of_service(name: str) -> None:
    topic, display = PUBLISHED[name], SUBSCRIBED[name]
    assert display["Class"] == f"rviz_default_plugins/{DISPLAY_OF_TYPE[topic.type.__name__]}"
    assert display["Topic"]["Reliability Policy"] == words(topic.qos.reliability.name)
    assert display["Topic"]["Durability Policy"] == words(topic.qos.durability.name)
    assert display["Topic"]["History Policy"] == words(topic.qos.history.name)


def test_the_image_is_shown_whatever_the_camera_offers() -> None:
    display = SUBSCRIBED[topics.image_topic(InputSettings()).name]
    assert display["Class"] == "rviz_default_plugins/Image"
    assert display["Topic"]["Reliability Policy"] == "Best Effort"


def test_no_display_waits_for_a_topic_that_does_not_exist() -> None:
    assert set(SUBSCRIBED) <= {*PUBLISHED, topics.IMAGE}


def test_topics_follow_the_namespace() -> None:
    assert not [name for name in SUBSCRIBED if name.startswith("/")]


def test_tf_is_shown_in_the_nodes_map() -> None:
    assert "rviz_default_plugins/TF" in {display["Class"] for display in DISPLAYS.values()}
    assert MANAGER["Global Options"]["Fixed Frame"] == FrameSettings().map
