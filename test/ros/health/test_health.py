"""~/status tells the truth."""

from __future__ import annotations

import math

import pytest
from mem4d_ros.msg import Mem4DStatus
from ros_probe import Start, make_image
from sensor_msgs.msg import Image


def test_status_of_a_node_that_waits(start: Start) -> None:
    report = start().status()
    assert report.state == Mem4DStatus.STATE_WAITING
    assert report.frames_received == 0
    assert math.isnan(report.confidence_mean)
    assert (report.preset, report.device, report.precision) == ("lite", "cpu", "fp32")
    assert report.checkpoint == ""
    assert report.host_memory_rss_bytes > 10_000_000
    assert report.last_error == ""


def test_status_of_a_node_that_runs(start: Start) -> None:
    ros = start(memory={"psm_size": 33})
    ros.play(ros.talker(Image, "/image"), make_image(1), make_image(2))
    report = ros.wait_for(lambda: ros.status().rate_hz and ros.status())
    assert report.state == Mem4DStatus.STATE_RUNNING
    assert 0 < report.latency_p50_s <= report.latency_p95_s < 10
    assert report.latency_last_s > 0
    assert report.confidence_mean == 3
    assert report.psm_size_capacity == 33
    assert report.pose_measured
    assert not report.camera_info_used


def test_status_of_a_node_whose_last_image_failed(start: Start) -> None:
    ros = start()
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1, frame_id=""))
    assert ros.status().state == Mem4DStatus.STATE_ERROR
    assert "frame_id" in ros.status().last_error
    ros.play(images, make_image(2))
    assert ros.status().state == Mem4DStatus.STATE_RUNNING


def test_status_of_a_node_that_hears_no_more(start: Start) -> None:
    ros = start(input={"watchdog_s": 0.1})
    ros.play(ros.talker(Image, "/image"), make_image())
    ros.wait_for(lambda: ros.status().state == Mem4DStatus.STATE_STALLED)


@pytest.mark.parametrize("period_s", [0.05, 0.2])
def test_status_comes_in_its_period(start: Start, period_s: float) -> None:
    ros = start(status={"period_s": period_s})
    reports = ros.received["/mem4d/status"]
    ros.wait_for(lambda: len(reports) > 5)
    stamps = [report.header.stamp.sec + report.header.stamp.nanosec * 1e-9 for report in reports]
    assert stamps[5] - stamps[0] == pytest.approx(5 * period_s, rel=0.3)
