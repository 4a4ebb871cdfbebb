"""mem4d_node in a process of its own, as a user starts it."""

import signal
import threading
import time

import pytest
import torch
from mem4d_ros.msg import Mem4DStatus
from node_process import INTRODUCTION, NodeProcess
from ros_probe import connected, make_image
from sensor_msgs.msg import Image

from mem4d_ros.ros.main import main


@pytest.fixture
def run():
    running = []

    def run(*arguments):
        running.append(NodeProcess(*arguments))
        return running[-1]

    yield run
    for node in running:
        node.kill()


@pytest.fixture
def ros():
    with connected() as ros:
        yield ros


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["-p", "model.checkpoint:=/none.safetensors"], ["/none.safetensors", "no such"]),
        (["-p", "points.stride:=0"], ["points.stride", "range", "Min: 1, Max: 64"]),
        (["-p", "depth.resolution:=huge"], ["depth.resolution is 'huge'", "model, input"]),
        (["-p", "model.device:=tpu"], ["device 'tpu' is unknown", "cuda:N"]),
        (["--params-file", "/none.yaml"], ["/none.yaml"]),
        pytest.param(
            ["-p", "model.device:=cuda"],
            ["device cuda is not available", "use auto or cpu"],
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA"),
        ),
    ],
)
def test_what_cannot_start_says_why(arguments, reasons, monkeypatch, capfd):
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    assert main(["--ros-args", *arguments]) == 1
    log = capfd.readouterr().err
    assert "cannot start" in log
    for reason in reasons:
        assert reason in log


def test_what_cannot_start_ends_with_status_1_and_without_traceback(run):
    node = run("-p", "model.checkpoint:=/none.safetensors")
    assert node.end() == 1
    assert "cannot start: /none.safetensors" in node.log
    assert "Traceback" not in node.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_cleanly_while_it_works(run, number, ros):
    node = run("-p", "status.period_s:=0.05", "-p", "model.threads:=1")
    ros.listen(Mem4DStatus, "/mem4d/status")
    node.wait_for(INTRODUCTION)
    images = ros.talker(Image, "/image")
    stop = threading.Event()

    def play():
        stamp = 1
        while not stop.wait(0.01):
            images.publish(make_image(stamp))
            stamp += 1

    player = threading.Thread(target=play)
    player.start()
    try:
        ros.wait_for(lambda: ros.status().frames_processed > 2, "frames in work")
        step_s = ros.status().latency_p95_s
        told_at = time.monotonic()
        node.process.send_signal(number)
        assert node.end() == 0
        assert time.monotonic() - told_at < 2 * step_s + 2
    finally:
        stop.set()
        player.join()
    assert "Traceback" not in node.log
    assert "rror" not in node.log


def test_the_node_introduces_itself_in_one_line(run):
    node = run("-p", "model.seed:=3", "-r", "image:=/camera/image_raw", "-r", "__ns:=/robot")
    node.wait_for(INTRODUCTION)
    (line,) = (line for line in node.log.splitlines() if "images at" in line)
    for fact in ("lite", "cpu", "fp32", "256 px", "/camera/image_raw", "/robot/mem4d/points"):
        assert fact in line
    assert "reliable" in line
    assert "best effort" in line
