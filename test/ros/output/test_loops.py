"""~/loops tells of loops when they close, to who listens late, too, and of none of a world left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from visualization_msgs.msg import Marker

from mem4d_ros.mapping import Correction
from mem4d_ros.ros.conversions.lines import from_lines
from mem4d_ros.ros.interface import topics
from mem4d_ros.runtime.pose_sources import HeadPose, PoseEstimate, PoseFrame

LINKS = np.array([[(0.0, 0.0, 0.0), (0.1, -0.2, 0.3)], [(0.0, 0.0, 1.0), (0.1, -0.2, 1.3)]])
IN_MAP = np.array([[(0.0, 0.0, 0.0), (0.3, -0.1, 0.2)], [(1.0, 0.0, 0.0), (1.3, -0.1, 0.2)]])
"""The world is the first camera's: z is ahead, as x of the map; x right, -y; y down, -z."""


class Closing(HeadPose):
    """Closes a loop in the third frame of its first world, and another one in the fifth."""

    def __init__(self) -> None:
        self._frames = 0

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        self._frames += 1
        estimate = super().estimate(frame)
        if self._frames not in (3, 5):
            return estimate
        links = LINKS[: self._frames // 2]
        return replace(estimate, correction=Correction(np.array([0]), np.eye(4)[None], links))


@pytest.fixture
def ros(start: Start, monkeypatch: pytest.MonkeyPatch) -> Ros:
    monkeypatch.setattr("mem4d_ros.runtime.pose_sources.MAKERS", {"head": Closing})
    return start(pose={"source": "head"})


def listen(ros: Ros) -> list[Marker]:
    return ros.listen(Marker, "/mem4d/loops", topics.LOOPS.qos)


def play(ros: Ros, *stamps: int) -> None:
    ros.play(ros.talker(Image, "/image"), *(make_image(stamp) for stamp in stamps))


def test_links_come_in_the_map_when_a_loop_closes_and_only_then(ros: Ros) -> None:
    heard = listen(ros)
    play(ros, 1, 2, 3, 4, 5, 6)
    ros.wait_for(lambda: len(heard) == 2, "two loops")
    for marker, expected, stamp in zip(heard, (IN_MAP[:1], IN_MAP), (3, 5), strict=True):
        assert (marker.header.frame_id, marker.header.stamp.sec) == ("map", stamp)
        assert marker.type == Marker.LINE_LIST
        np.testing.assert_allclose(from_lines(marker), expected, atol=1e-9)


def test_who_listens_late_hears_the_newest(ros: Ros) -> None:
    play(ros, 1, 2, 3, 4, 5)
    heard = listen(ros)
    ros.wait_for(lambda: heard, "the latched links")
    np.testing.assert_allclose(from_lines(heard[0]), IN_MAP, atol=1e-9)


def test_a_new_world_takes_the_links_away(ros: Ros) -> None:
    play(ros, 1, 2, 3)
    heard = listen(ros)
    ros.wait_for(lambda: heard, "the latched links")
    assert ros.call(Trigger, "/mem4d/reset", Trigger.Request()).success
    play(ros, 4)
    ros.wait_for(lambda: len(heard) == 2, "their end")
    assert heard[1].action == Marker.DELETE
    assert (heard[1].ns, heard[1].id) == (heard[0].ns, heard[0].id)
