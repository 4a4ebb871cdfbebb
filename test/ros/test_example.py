"""The example node hears what mem4d_node publishes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from node_process import NodeProcess
from ros_probe import Start, make_image
from sensor_msgs.msg import Image
from wall_model import WALL_M, WallModel

PROGRAM = Path(__file__).parents[2] / "examples" / "nearest_obstacle.py"


def test_the_nearest_obstacle_is_the_wall(start: Start) -> None:
    ros = start(WallModel(lambda frame: np.eye(4)))
    example = NodeProcess(program=[str(PROGRAM)])
    try:
        images = ros.talker(Image, "/image")
        ros.wait_for(lambda: ros.probe.count_subscribers("/mem4d/depth/image"))
        stamp = 1.0
        while "nearest obstacle" not in example.log:
            ros.play(images, make_image(stamp))
            stamp += 0.1
            assert stamp < 100, example.log
        distances = set(re.findall(r"nearest obstacle at ([\d.]+) m", example.log))
        assert distances == {f"{WALL_M:.2f}"}
    finally:
        example.stop()
