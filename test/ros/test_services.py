"""Services of a running node do what their responses say."""

from __future__ import annotations

from pathlib import Path

import pytest
from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.srv import SaveMap
from nav_msgs.msg import Path as PathMessage
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool


def pause(ros: Ros, data: bool) -> SetBool.Response:
    return ros.call(SetBool, "/mem4d/pause", SetBool.Request(data=data))


def test_a_paused_node_drops_images_and_keeps_its_world(start: Start) -> None:
    ros = start()
    paths = ros.listen(PathMessage, "/mem4d/path")
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1), make_image(2))
    assert pause(ros, True).success
    ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_PAUSED)
    ros.play(images, make_image(3), make_image(4))
    assert (ros.status().frames_processed, ros.status().frames_dropped) == (2, 2)
    assert pause(ros, False).success
    ros.play(images, make_image(5))
    path = ros.wait_for(lambda: len(paths) == 3 and paths[-1])
    assert [pose.header.stamp.sec for pose in path.poses] == [1, 2, 5]
    assert ros.status().state == Mem4DStatus.STATE_RUNNING


def save(ros: Ros, path: str, overwrite: bool = False) -> SaveMap.Response:
    return ros.call(SaveMap, "/mem4d/save_map", SaveMap.Request(path=path, overwrite=overwrite))


@pytest.mark.parametrize("suffix", ["ply", "pcd"])
def test_the_map_is_saved_in_the_configured_folder(
    start: Start, tmp_path: Path, suffix: str
) -> None:
    ros = start(map={"directory": str(tmp_path)})
    answer = save(ros, f"a.{suffix}")
    assert (answer.success, answer.path, answer.points) == (False, "", 0)
    assert "no points yet" in answer.message
    ros.play(ros.talker(Image, "/image"), *(make_image(stamp) for stamp in range(1, 6)))
    answer = save(ros, f"rooms/a.{suffix}")
    assert answer.success, answer.message
    assert answer.path == str(tmp_path / f"rooms/a.{suffix}")
    assert answer.points > 100
    assert answer.path in answer.message
    assert (tmp_path / f"rooms/a.{suffix}").stat().st_size > 100 * 16
    refused = save(ros, f"../a.{suffix}")
    assert (refused.success, "is not inside" in refused.message) == (False, True)
    assert not (tmp_path.parent / f"a.{suffix}").exists()
