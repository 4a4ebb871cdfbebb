"""mem4d_node in a process of its own, as a user starts it."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import fake_node
import pytest
import torch
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from mem4d_ros.msg import Mem4DStatus
from nav_msgs.msg import Odometry
from node_process import INTRODUCTION, NodeProcess
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from ros_probe import Ros, connected, make_image
from sensor_msgs.msg import Image

from mem4d_ros.ros.main import run as run_node
from mem4d_ros.ros.transport import PROFILE_VARIABLE


@pytest.fixture
def run() -> Iterator[Callable[..., NodeProcess]]:
    running = []

    def run(*arguments: str) -> NodeProcess:
        running.append(NodeProcess(*arguments))
        return running[-1]

    yield run
    for node in running:
        node.stop()


@pytest.fixture
def ros() -> Iterator[Ros]:
    with connected() as ros:
        yield ros


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["-p", "model.checkpoint:=/none.safetensors"], ["configure: /none.safetensors: no such"]),
        (["-p", "points.stride:=0"], ["points.stride", "range", "Min: 1, Max: 64"]),
        (["-p", "depth.resolution:=huge"], ["depth.resolution is 'huge'", "model, input"]),
        (["-p", "model.device:=tpu"], ["device 'tpu' is unknown", "cuda:N"]),
        (["-p", "tf.mode:=off"], ["'tf.mode'", "expecting type 'STRING'", "\"'off'\""]),
        (["-p", "input.rectified:=yes"], ["'input.rectified'", "in quotes"]),
        (["-p", "status.period_s:=1"], ["'status.period_s'", "decimal point, as in 1.0"]),
        (["--params-file", "/none.yaml"], ["/none.yaml"]),
        pytest.param(
            ["-p", "model.device:=cuda"],
            ["device cuda is not available", "use auto or cpu"],
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA"),
        ),
    ],
)
def test_what_cannot_start_says_why(
    arguments: list[str],
    reasons: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    assert run_node(["--ros-args", *arguments]) == 1
    log = capfd.readouterr().err
    assert "cannot start" in log or "cannot configure" in log
    for reason in reasons:
        assert reason in log


def test_the_middleware_is_set_up_for_large_messages(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    with monkeypatch.context() as environment:
        environment.delenv(PROFILE_VARIABLE, raising=False)
        environment.delenv("ROS_DISTRO", raising=False)
        assert run_node(["--ros-args", "-p", "points.stride:=0"]) == 1
        assert os.environ[PROFILE_VARIABLE].endswith("config/fastdds.xml")
        del os.environ[PROFILE_VARIABLE]


def test_what_cannot_start_ends_with_status_1_and_without_traceback(
    run: Callable[..., NodeProcess],
) -> None:
    node = run("-p", "model.checkpoint:=/none.safetensors")
    assert node.end() == 1
    assert "cannot configure: /none.safetensors" in node.log
    assert "Traceback" not in node.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_cleanly_while_it_works(
    run: Callable[..., NodeProcess], number: signal.Signals, ros: Ros
) -> None:
    node = run("-p", "status.period_s:=0.05", "-p", "model.threads:=1")
    ros.listen(Mem4DStatus, "/mem4d/status")
    node.wait_for(INTRODUCTION)
    images = ros.talker(Image, "/image")
    stop = threading.Event()

    def play() -> None:
        stamp = 1
        while not stop.wait(0.01):
            images.publish(make_image(stamp))
            stamp += 1

    player = threading.Thread(target=play)
    player.start()
    try:
        ros.wait_for(lambda: ros.status().frames_processed > 2, "frames in work")
        (segment,) = node.segments()
        node.process.send_signal(number)
        assert node.end() == 0
        assert not segment.exists()
    finally:
        stop.set()
        player.join()
    assert "Traceback" not in node.log
    assert "rror" not in node.log


@pytest.mark.parametrize(
    ("number", "busy_with"),
    [(signal.SIGINT, "load"), (signal.SIGINT, "step"), (signal.SIGTERM, "step")],
)
def test_a_signal_ends_the_node_under_work_that_never_ends(
    number: signal.Signals, busy_with: str, ros: Ros
) -> None:
    """How long it waited, it says itself: by the clock here, other programs' load would count."""
    node = NodeProcess("-p", "status.period_s:=0.05", program=[fake_node.__file__, busy_with])
    try:
        if busy_with == "step":
            images = ros.talker(Image, "/image")
            while f"busy with {busy_with}" not in node.log:  # an image may find no reader yet
                images.publish(make_image())
                time.sleep(0.1)
        node.wait_for(f"busy with {busy_with}")
        (segment,) = node.segments()
        node.process.send_signal(number)
        assert node.end() == 0
        assert not segment.exists()
        # DDS has been told, and waits for no lease of 20 s to run out.
        ros.wait_for(lambda: not ros.probe.count_publishers("/mem4d/status"), "leaving", 15)
    finally:
        node.kill()
    assert "abandoned, as it takes longer than 1.5 s" in node.log
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_nodes_in_namespaces_do_not_hear_each_other(ros: Ros) -> None:
    names = ("/left", "/right")
    nodes = [
        NodeProcess("-r", f"__ns:={name}", program=[fake_node.__file__, "nothing"])
        for name in names
    ]
    try:
        odometry = {name: ros.listen(Odometry, f"{name}/mem4d/odometry") for name in names}
        for name in names:
            topic = f"{name}/mem4d/odometry"
            ros.wait_for(lambda topic=topic: ros.probe.count_publishers(topic), topic)
            images = ros.talker(Image, f"{name}/image")
            while not odometry[name]:  # an image may find no reader yet
                images.publish(make_image(time.monotonic(), frame_id=f"{name[1:]}_camera"))
                time.sleep(0.1)
    finally:
        for node in nodes:
            node.stop()
    for name in names:
        assert {message.child_frame_id for message in odometry[name]} == {f"{name[1:]}_camera"}


@pytest.mark.slow
def test_a_killed_node_starts_again_and_its_topics_go_on(
    run: Callable[..., NodeProcess], ros: Ros
) -> None:
    """Its end is noticed only much later: DDS waits for a lease to run out."""
    ros.listen(Mem4DStatus, "/mem4d/status")
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    images = ros.probe.create_publisher(Image, "/image", 10)
    stamps = itertools.count(1)
    for _ in range(2):
        ros.received["/mem4d/status"].clear()
        node = run("-p", "status.period_s:=0.05")
        ros.wait_for(lambda: ros.received["/mem4d/status"], "a new node")
        ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_WAITING, "its start")
        assert ros.status().frames_received == 0
        odometry.clear()
        while len(odometry) < 2:  # an image may find no reader yet
            images.publish(make_image(next(stamps)))
            time.sleep(0.2)
        ros.wait_for(ros.is_idle)
        node.process.kill()
        assert node.end() == -signal.SIGKILL


@pytest.mark.slow
def test_a_manager_in_another_process_leads_the_node_through_its_life(
    run: Callable[..., NodeProcess], ros: Ros
) -> None:
    """The real model, and a failure that is mended by a parameter."""
    node = run(
        *("-p", "lifecycle.autostart:=false", "-p", "model.checkpoint:=/none.safetensors"),
        *("-p", "input.reliability:=reliable"),
    )
    ros.listen(Mem4DStatus, "/mem4d/status")
    ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_UNCONFIGURED, "the node")
    assert not change_state(ros, Transition.TRANSITION_CONFIGURE)
    assert "cannot configure: /none.safetensors: no such" in node.log
    mended = Parameter(name="model.checkpoint", value=ParameterValue(type=4, string_value=""))
    request = SetParameters.Request(parameters=[mended])
    assert ros.call(SetParameters, "/mem4d/set_parameters", request).results[0].successful
    resident = ros.status().host_memory_rss_bytes
    for _ in range(2):
        assert change_state(ros, Transition.TRANSITION_CONFIGURE)
        assert change_state(ros, Transition.TRANSITION_ACTIVATE)
        ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_WAITING, "activation")
        ros.play(ros.talker(Image, "/image"), make_image())
        assert ros.status().frames_processed == 1
        assert change_state(ros, Transition.TRANSITION_DEACTIVATE)
        assert change_state(ros, Transition.TRANSITION_CLEANUP)
        ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_UNCONFIGURED, "cleaning up")
    assert ros.status().host_memory_rss_bytes < resident + 300_000_000
    node.process.send_signal(signal.SIGINT)
    assert node.end() == 0


def change_state(ros: Ros, transition: int) -> bool:
    request = ChangeState.Request(transition=Transition(id=transition))
    return ros.call(ChangeState, "/mem4d/change_state", request).success


def test_the_node_introduces_itself_in_one_line(run: Callable[..., NodeProcess]) -> None:
    node = run("-p", "model.seed:=3", "-r", "image:=/camera/image_raw", "-r", "__ns:=/robot")
    node.wait_for(INTRODUCTION)
    (line,) = (line for line in node.log.splitlines() if "images at" in line)
    for fact in ("lite", "cpu", "256 px", "/camera/image_raw", "/robot/mem4d/points"):
        assert fact in line
    assert "in fp32" in line or "in bf16" in line
    assert "reliable" in line
    assert "reliable if offered, depth 5" in line
