"""A bag of `mem4d reconstruct` is shown by the settings that show the node."""

from __future__ import annotations

import pytest

pytest.importorskip("rosbags")

from mem4d_ros.ros.conversions.cloud import FIELDS
from mem4d_ros.ros.interface import topics
from mem4d_ros.runtime.export import bag_messages, bag_writer

MAY_BE_OF_THE_BAG_ALONE = {"/mem4d/image", "/mem4d/dynamic_points", "/mem4d/static_map"}


def test_topics_are_the_nodes() -> None:
    of_the_node = {
        topic.name.replace("~", "/mem4d"): topic for topic in (*topics.OUTPUTS, topics.TF)
    }
    for topic in bag_writer.TOPICS:
        same = of_the_node.get(topic.name)
        if same is None:
            assert topic.name in MAY_BE_OF_THE_BAG_ALONE
        else:
            assert topic.type.replace("/msg/", "/") == topics.type_name(same.type)
            assert topic.qos.depth == same.qos.depth
            assert topic.qos.reliability.name == same.qos.reliability.name


def test_points_have_the_nodes_fields() -> None:
    assert [field.name for field in FIELDS] == list(bag_messages.POINT.names)
    assert FIELDS[-1].offset + 4 == bag_messages.POINT.itemsize
