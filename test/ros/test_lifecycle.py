"""A managed node: what each transition makes and releases, asked for over DDS as a manager does."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from mem4d_ros.msg import Mem4DStatus
from nav_msgs.msg import Odometry, Path
from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from ros_probe import Ros, connected, make_image
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool, Trigger
from wall_model import WallModel

from mem4d_ros.model import MemorySizes
from mem4d_ros.model.checkpoint import CheckpointError
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.node import Mem4DNode
from mem4d_ros.runtime import OnlineReconstructor

UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED = (
    State.PRIMARY_STATE_UNCONFIGURED,
    State.PRIMARY_STATE_INACTIVE,
    State.PRIMARY_STATE_ACTIVE,
    State.PRIMARY_STATE_FINALIZED,
)
TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
    "shutdown": Transition.TRANSITION_ACTIVE_SHUTDOWN,
}


class Loader:
    """Loads a fake network, or fails as it is told to; keeps no reference to what it loaded."""

    def __init__(self) -> None:
        self.fault = None
        self.loaded = lambda: None
        self.times = 0

    def __call__(self, settings: Settings) -> LoadedModel:
        if self.fault is not None:
            raise self.fault
        self.times += 1
        online = OnlineReconstructor(WallModel(), 64, settings.memory.sizes(MemorySizes()))
        self.loaded = weakref.ref(online)
        return LoadedModel(online, "lite", "", settings.model.device, "fp32", 64, MemorySizes())


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def ros(loader: Loader) -> Iterator[Ros]:
    """A node that waits for a manager."""
    arguments = ["-p", "mem4d:lifecycle.autostart:=false", "-p", "mem4d:status.period_s:=0.05"]

    def make_node() -> Mem4DNode:
        node = Mem4DNode(loader)
        assert node.start()
        return node

    with connected(arguments, make_node) as ros:
        ros.listen(Mem4DStatus, "/mem4d/status")
        yield ros


def change(ros: Ros, name: str) -> bool:
    request = ChangeState.Request(transition=Transition(id=TRANSITIONS[name]))
    return ros.call(ChangeState, "/mem4d/change_state", request).success


def state(ros: Ros) -> int:
    return ros.call(GetState, "/mem4d/get_state", GetState.Request()).current_state.id


def wait_for_state(ros: Ros, name: str) -> None:
    ros.wait_for(lambda: ros.status().state == name, f"the state {name}")


def test_a_node_that_is_not_started_waits_for_its_manager(ros: Ros, loader: Loader) -> None:
    assert state(ros) == UNCONFIGURED
    assert loader.times == 0
    wait_for_state(ros, Mem4DStatus.STATE_UNCONFIGURED)
    assert not ros.probe.count_publishers("/mem4d/points")
    assert not ros.probe.count_subscribers("/image")


def test_configuring_loads_and_advertises_activating_subscribes(ros: Ros, loader: Loader) -> None:
    assert change(ros, "configure")
    assert state(ros) == INACTIVE
    assert loader.times == 1
    wait_for_state(ros, Mem4DStatus.STATE_INACTIVE)
    ros.wait_for(lambda: ros.probe.count_publishers("/mem4d/points"), "a publisher")
    assert not ros.probe.count_subscribers("/image")
    assert change(ros, "activate")
    assert state(ros) == ACTIVE
    ros.wait_for(lambda: ros.probe.count_subscribers("/image"), "a subscriber")
    wait_for_state(ros, Mem4DStatus.STATE_WAITING)


@pytest.fixture
def playing(ros: Ros) -> tuple[Ros, Publisher, Callable[[int], Path]]:
    """The active node, and a function that plays an image and returns the newest path."""
    assert change(ros, "configure")
    assert change(ros, "activate")
    paths = ros.listen(Path, "/mem4d/path")
    images = ros.talker(Image, "/image")

    def play(stamp: int) -> Path:
        before = len(paths)
        ros.play(images, make_image(stamp))
        ros.wait_for(lambda: len(paths) == before + 1, "a path")
        return paths[-1]

    return ros, images, play


def test_a_deactivated_node_is_silent_and_remembers(
    playing: tuple[Ros, Publisher, Callable[[int], Path]],
) -> None:
    ros, images, play = playing
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    assert [len(play(stamp).poses) for stamp in (1, 2)] == [1, 2]
    assert change(ros, "deactivate")
    wait_for_state(ros, Mem4DStatus.STATE_INACTIVE)
    before = len(odometry)
    ros.wait_for(lambda: not images.get_subscription_count(), "the end of the subscription")
    images.publish(make_image(3))
    assert change(ros, "activate")
    ros.wait_for(images.get_subscription_count, "a subscription")
    assert len(play(4).poses) == 3  # the same world
    assert len(odometry) == before + 1
    assert ros.status().resets == 0


def test_a_cleaned_up_node_has_released_everything_and_can_start_again(
    playing: tuple[Ros, Publisher, Callable[[int], Path]], loader: Loader
) -> None:
    ros, images, play = playing
    play(1)
    topics = {publisher.topic_name for publisher in ros.node.publishers}
    assert change(ros, "deactivate")
    assert change(ros, "cleanup")
    assert state(ros) == UNCONFIGURED
    gc.collect()
    assert loader.loaded() is None  # nobody holds the model any more
    left = {publisher.topic_name for publisher in ros.node.publishers}
    assert {"/mem4d/points", "/mem4d/odometry", "/tf"} <= topics - left
    assert left == {"/mem4d/status", "/diagnostics", "/parameter_events"}
    assert not [s for s in ros.node.subscriptions if s.topic_name in ("/tf", "/tf_static")]
    wait_for_state(ros, Mem4DStatus.STATE_UNCONFIGURED)
    assert ros.status().frames_received == 0

    assert change(ros, "configure")
    assert change(ros, "activate")
    ros.wait_for(images.get_subscription_count, "a subscription")
    assert len(play(2).poses) == 1
    assert loader.times == 2


@pytest.mark.parametrize(
    "fault",
    [
        CheckpointError("weights.safetensors: no such file; download it"),
        torch.cuda.OutOfMemoryError("CUDA out of memory: end other programs"),
    ],
)
def test_a_failure_to_configure_says_why_and_can_be_mended(
    ros: Ros, loader: Loader, fault: Exception
) -> None:
    loader.fault = fault
    assert not change(ros, "configure")
    assert state(ros) == UNCONFIGURED
    ros.wait_for(lambda: str(fault) in ros.status().last_error, "the reason")
    reports = ros.listen(DiagnosticArray, "/diagnostics")

    def level() -> list[bytes]:
        return [s.level for s in reports[-1].status if s.name == "/mem4d: reconstruction"]

    ros.wait_for(lambda: reports and level() == [DiagnosticStatus.ERROR], "the diagnostics")
    assert not ros.probe.count_publishers("/mem4d/points")
    loader.fault = None
    assert change(ros, "configure")
    assert state(ros) == INACTIVE


def test_an_unforeseen_fault_in_a_transition_is_told_and_leaves_the_node_alive(
    ros: Ros, loader: Loader, capfd: pytest.CaptureFixture[str]
) -> None:
    loader.fault = ZeroDivisionError("a bug")
    assert not change(ros, "configure")
    assert state(ros) == UNCONFIGURED
    assert "ZeroDivisionError('a bug')" in capfd.readouterr().err
    loader.fault = None
    assert change(ros, "configure")


def test_what_cannot_change_later_can_change_before_configuring(ros: Ros, loader: Loader) -> None:
    def set_device(name: str) -> SetParametersResult:
        return ros.node.set_parameters([Parameter("model.device", value=name)])[0]

    assert set_device("cpu").successful
    assert change(ros, "configure")
    wait_for_state(ros, Mem4DStatus.STATE_INACTIVE)
    assert ros.status().device == "cpu"
    refused = set_device("cuda:1")
    assert not refused.successful
    assert "clean it up first" in refused.reason


def test_services_of_a_node_that_is_not_active_say_so(ros: Ros) -> None:
    answer = ros.call(Trigger, "/mem4d/reset", Trigger.Request())
    assert (answer.success, "not configured" in answer.message) == (False, True)
    assert change(ros, "configure")
    answer = ros.call(SetBool, "/mem4d/pause", SetBool.Request(data=True))
    assert (answer.success, "not active" in answer.message) == (False, True)


def test_shutting_down_releases_everything(
    playing: tuple[Ros, Publisher, Callable[[int], Path]], loader: Loader
) -> None:
    ros, _, play = playing
    play(1)
    assert change(ros, "shutdown")
    assert state(ros) == FINALIZED
    gc.collect()
    assert loader.loaded() is None


def test_a_paused_node_stays_paused_when_its_manager_wakes_it(
    playing: tuple[Ros, Publisher, Callable[[int], Path]],
) -> None:
    ros, _, play = playing
    play(1)
    assert ros.call(SetBool, "/mem4d/pause", SetBool.Request(data=True)).success
    assert change(ros, "deactivate")
    assert change(ros, "activate")
    wait_for_state(ros, Mem4DStatus.STATE_PAUSED)
    assert ros.call(SetBool, "/mem4d/pause", SetBool.Request(data=False)).success
    assert len(play(2).poses) == 2


def test_a_shorter_period_of_status_counts_at_once(ros: Ros) -> None:
    reports = ros.received["/mem4d/status"]
    for period_s in (60.0, 0.05):
        change = Parameter("status.period_s", value=period_s)
        assert ros.node.set_parameters([change])[0].successful
    before = len(reports)
    ros.wait_for(lambda: len(reports) > before + 2, "status")


def test_a_reset_that_catches_a_frame_in_work_is_no_error(
    playing: tuple[Ros, Publisher, Callable[[int], Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ros, images, play = playing
    play(1)
    processor = ros.node._engine.pipeline._processor
    reconstruct = processor._reconstruct

    def reset_meanwhile(*given: Any) -> Any:
        processor.request_reset()
        return reconstruct(*given)

    monkeypatch.setattr(processor, "_reconstruct", reset_meanwhile)
    ros.play(images, make_image(2))
    status = ros.status()
    assert (status.frames_rejected, status.state, status.last_error) == (
        1,
        Mem4DStatus.STATE_RUNNING,
        "",
    )
