"""Buttons ask the node's services, and tell what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from mem4d_ros.msg import Mem4DStatus
from ros_probe import Start, connected, make_image
from sensor_msgs.msg import Image

from mem4d_ros.ros.viewer import service_controls
from mem4d_ros.ros.viewer.service_controls import ServiceControls
from mem4d_ros.viewer.controls import ControlFailed


def test_pause_pauses_the_node_and_ends_the_pause(start: Start) -> None:
    ros = start()
    controls = ServiceControls(ros.probe, "mem4d")
    assert "paused" in controls.pause(True)
    ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_PAUSED, "the pause")
    controls.pause(False)
    ros.wait_for(lambda: ros.status().state != Mem4DStatus.STATE_PAUSED, "its end")


def test_reset_begins_a_new_world(start: Start) -> None:
    ros = start()
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1))
    assert "new world" in ServiceControls(ros.probe, "mem4d").reset()
    ros.play(images, make_image(2))
    assert ros.status().resets == 1


def test_save_writes_the_map(start: Start, tmp_path: Path) -> None:
    ros = start(map={"directory": str(tmp_path)})
    controls = ServiceControls(ros.probe, "mem4d")
    with pytest.raises(ControlFailed, match="the map has no points yet"):
        controls.save()
    ros.play(ros.talker(Image, "/image"), *(make_image(1 + 0.1 * i) for i in range(3)))
    assert str(tmp_path) in controls.save()
    (written,) = tmp_path.glob("map-*.ply")
    assert written.stat().st_size > 1000


def test_a_node_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_controls, "WAIT_S", 0.1)
    with connected() as ros, pytest.raises(ControlFailed, match=r"nobody offers .*mem4d/pause"):
        ServiceControls(ros.probe, "mem4d").pause(True)
