"""`mem4d_viewer` in a process of its own, beside the node, with a browser."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import fake_node
import pytest
from chromium import needs_chromium, opened
from mem4d_ros.msg import Mem4DStatus
from node_process import NodeProcess
from ros_probe import connected, make_image
from sensor_msgs.msg import Image, PointCloud2

MODULE = ("-m", "mem4d_ros.ros.viewer.main")
pytest.importorskip("viser", reason="serves the scene")


@pytest.fixture
def viewer() -> Iterator[NodeProcess]:
    viewer = NodeProcess("-p", "port:=0", program=MODULE)
    viewer.wait_for("in a browser")
    yield viewer
    viewer.stop()


def address(viewer: NodeProcess) -> str:
    """Where it says that it is."""
    return next(word for word in viewer.log.split() if word.startswith("http://localhost:"))


def a_node() -> NodeProcess:
    """A node that sees a wall."""
    return NodeProcess(
        *("-p", "status.period_s:=0.1", "-p", "input.watchdog_s:=0.0"),
        program=(str(Path(fake_node.__file__)), "nothing"),
    )


def test_it_ends_with_a_signal(viewer: NodeProcess) -> None:
    viewer.process.send_signal(signal.SIGINT)
    assert viewer.end() == 0
    assert "Traceback" not in viewer.log


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-p", "host:=192.0.2.1"), "the viewer cannot be served at 192.0.2.1:8080"),
        (("-p", "port:=99999"), "port"),
        (("-p", "image_transport:=theora"), "use one of raw, compressed"),
    ],
)
def test_what_it_cannot_serve_it_says_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    viewer = NodeProcess(*arguments, program=MODULE)
    assert viewer.end() == 1
    (line,) = (line for line in viewer.log.splitlines() if "cannot start" in line)
    assert said in line


def test_without_viser_it_names_the_command_that_installs_it() -> None:
    code = "import sys; sys.modules['viser'] = None; from mem4d_ros.ros.viewer.main import main;"
    viewer = NodeProcess(program=("-c", code + "main()"))
    assert viewer.end() == 1
    assert "the viewer needs the package viser: pip install" in viewer.log


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks Linux for open ports")
def test_it_listens_on_this_machine_alone(viewer: NodeProcess) -> None:
    port = int(address(viewer).rsplit(":", 1)[1])
    listening = [
        fields[1].split(":")[0]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if (fields := line.split())[3] == "0A" and int(fields[1].split(":")[1], 16) == port
    ]
    assert listening == ["0100007F"]


def test_without_a_browser_the_node_converts_nothing_for_it(viewer: NodeProcess) -> None:
    with connected() as ros:
        ros.wait_for(lambda: ros.probe.count_subscribers("/mem4d/status"), "the viewer")
        for name in ("points", "static_map", "depth/image", "odometry", "path", "landmarks"):
            assert ros.probe.count_subscribers(f"/mem4d/{name}") == 0


@needs_chromium
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pause_pauses_the_node_and_a_restart_of_the_node_is_survived(viewer: NodeProcess) -> None:
    pytest.importorskip("selenium", reason="drives Chromium")
    node = a_node()
    with connected() as ros, opened(address(viewer)) as browser:
        ros.listen(Mem4DStatus, "/mem4d/status")
        clouds = ros.listen(PointCloud2, "/mem4d/points")
        ros.play(ros.talker(Image, "/image"), *(make_image(1 + 0.1 * i) for i in range(3)))
        assert clouds
        browser.wait_for(lambda: "3 frames" in browser.text(), "the node's frames")

        browser.click("Pause")
        ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_PAUSED, "a paused node")
        browser.wait_for(lambda: "paused" in browser.text(), "that it is paused")
        browser.click("Go on")
        ros.wait_for(lambda: ros.status().state != Mem4DStatus.STATE_PAUSED, "its end")

        node.stop()
        browser.wait_for(lambda: "no word from the node" in browser.text(), "that it is gone")
        node = a_node()
        browser.wait_for(lambda: "no word" not in browser.text(), "that it is back")
        ros.received["/mem4d/status"].clear()
        ros.play(ros.talker(Image, "/image"), *(make_image(9 + 0.1 * i) for i in range(2)))
        browser.wait_for(lambda: "2 frames" in browser.text(), "the new node's frames")
        browser.click("Pause")
        ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_PAUSED, "a new pause")
    node.stop()
    assert viewer.process.poll() is None
