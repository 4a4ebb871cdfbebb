"""The viewer's buttons as calls of the node's services."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from rclpy.client import Client
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from mem4d_ros.ros.interface import topics
from mem4d_ros.srv import SaveMap
from mem4d_ros.viewer.controls import ControlFailed

WAIT_S = 3.0
ANSWER_S = 30.0
"""A large map takes seconds to write."""


class ServiceControls:
    """Asks the node. Any thread but the executor's, which brings the answers."""

    def __init__(self, node: Node, mem4d: str) -> None:
        """`mem4d` is the name of the node that offers the services."""

        def client(service: topics.ServiceName) -> Client[Any, Any]:
            return node.create_client(service.type, service.name.replace("~", mem4d))

        self._pause, self._reset = client(topics.PAUSE), client(topics.RESET)
        self._save = client(topics.SAVE_MAP)

    def pause(self, paused: bool) -> str:
        return _ask(self._pause, SetBool.Request(data=paused))

    def reset(self) -> str:
        return _ask(self._reset, Trigger.Request())

    def save(self) -> str:
        return _ask(self._save, SaveMap.Request(path=f"map-{datetime.now():%Y%m%d-%H%M%S-%f}.ply"))


def _ask(client: Client[Any, Any], request: Any) -> str:
    """What the node answers. Raises ControlFailed."""
    if not client.wait_for_service(WAIT_S):
        raise ControlFailed(f"nobody offers {client.srv_name}: does the node run?")
    answered = threading.Event()
    future = client.call_async(request)
    future.add_done_callback(lambda future: answered.set())
    if not answered.wait(ANSWER_S):
        client.remove_pending_request(future)
        raise ControlFailed(f"{client.srv_name} has not answered within {ANSWER_S:.0f} s")
    response: Any = future.result()
    if not response.success:
        raise ControlFailed(response.message)
    message: str = response.message
    return message
