"""Services of the node; every response says what happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from mem4d_ros.ros.engine import Engine
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.output.map_files import MapNotSaved, map_file, save_points
from mem4d_ros.srv import SaveMap

Response = TypeVar("Response", Trigger.Response, SetBool.Response, SaveMap.Response)

NOT_CONFIGURED = "the node is not configured: ros2 lifecycle set <node> configure"
NOT_ACTIVE = "the node is not active: ros2 lifecycle set <node> activate"


class Services:
    """Answers on the executor's thread, at once."""

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        engine: Callable[[], Engine | None],
        is_active: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._is_active = is_active
        self._settings = settings
        for service, callback in (
            (topics.RESET, self._on_reset),
            (topics.PAUSE, self._on_pause),
            (topics.SAVE_MAP, self._on_save_map),
        ):
            node.create_service(service.type, service.name, callback)

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        engine = self._engine()
        if engine is None:
            return _answer(response, False, NOT_CONFIGURED)
        engine.pipeline.request_reset()
        return _answer(
            response, True, "the memory is emptied before the next frame, which starts a new world"
        )

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        engine = self._engine()
        if engine is None or not self._is_active():
            return _answer(response, False, NOT_ACTIVE)
        if request.data:
            engine.pipeline.pause()
            return _answer(response, True, "paused: images are dropped, the memory is kept")
        engine.pipeline.resume()
        return _answer(response, True, "images are processed")

    def _on_save_map(
        self, request: SaveMap.Request, response: SaveMap.Response
    ) -> SaveMap.Response:
        engine = self._engine()
        if engine is None:
            return _answer(response, False, NOT_CONFIGURED)
        settings = self._settings()
        try:
            path = map_file(Path(settings.map.directory), request.path, request.overwrite)
            points = save_points(path, engine.outputs, settings)
        except MapNotSaved as error:
            return _answer(response, False, str(error))
        response.path, response.points = str(path), points
        return _answer(
            response, True, f"{points} points in '{settings.frames.map}' were written to {path}"
        )


def _answer(response: Response, success: bool, message: str) -> Response:
    response.success, response.message = success, message
    return response
