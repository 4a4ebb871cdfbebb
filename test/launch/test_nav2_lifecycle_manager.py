"""Nav2's lifecycle manager with this node, which sends no bond."""

from __future__ import annotations

from pathlib import Path

import yaml
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from ros_probe import connected
from wall_model import WallModel

from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.node import Mem4DNode
from mem4d_ros.runtime import OnlineReconstructor

ROOT = Path(__file__).parents[2]
MANAGER = ROOT / "config" / "nav2_lifecycle_manager.yaml"


def load_wall(settings: Settings) -> LoadedModel:
    """In no time."""
    online = OnlineReconstructor(WallModel(), 64, settings.memory.sizes(MemorySizes()))
    return LoadedModel(online, "lite", "", "cpu", "fp32", 64, MemorySizes())


def settings() -> dict:
    (manager,) = yaml.safe_load(MANAGER.read_text()).values()
    return manager["ros__parameters"]


def test_it_waits_for_no_bond() -> None:
    assert settings()["bond_timeout"] == 0.0
    assert "bond_timeout` to 0.0" in (ROOT / "docs" / "robot.md").read_text().replace("\n", " ")


def test_it_finds_the_node_and_activates_it() -> None:
    """By the services that the manager calls, under the name that it is given."""
    (name,) = settings()["node_names"]
    with connected(["-p", "lifecycle.autostart:=false"], lambda: Mem4DNode(load_wall)) as ros:
        assert ros.node.get_name() == name
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=transition))
            assert ros.call(ChangeState, f"/{name}/change_state", request).success
        state = ros.call(GetState, f"/{name}/get_state", GetState.Request()).current_state
        assert state.id == State.PRIMARY_STATE_ACTIVE
