"""Services of the node; every response says what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

import mem4d_ros
from mem4d_ros.mapping import MapError, save_map
from mem4d_ros.ros.engine import Engine
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.known_map import read_map
from mem4d_ros.ros.output.map_files import MapNotSaved, is_of_points, map_file, save_points
from mem4d_ros.runtime.scale import LEARNED_SOURCES
from mem4d_ros.srv import LoadMap, SaveMap

Response = TypeVar(
    "Response", Trigger.Response, SetBool.Response, SaveMap.Response, LoadMap.Response
)

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
            (topics.LOAD_MAP, self._on_load_map),
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
            if is_of_points(request.path):
                points = save_points(path, engine.outputs, settings)
                saved = f"{points} points in '{settings.frames.map}'"
            else:
                keyframes, points = save_whole_map(path, engine, settings.scale.source)
                saved = f"a map of {keyframes} keyframes and {points} landmarks{_left_out(engine)}"
        except (MapNotSaved, MapError) as error:
            return _answer(response, False, str(error))
        response.path, response.points = str(path), points
        return _answer(response, True, f"{saved} were written to {path}")

    def _on_load_map(
        self, request: LoadMap.Request, response: LoadMap.Response
    ) -> LoadMap.Response:
        engine = self._engine()
        if engine is None:
            return _answer(response, False, NOT_CONFIGURED)
        if not request.path:
            engine.pipeline.request_map(None)
            return _answer(response, True, "the next frame begins a new map")
        try:
            known = read_map(self._settings(), request.path, request.mode)
            engine.model.reconstructor.poses.check_map(known.stored)
        except MapError as error:
            return _answer(response, False, str(error))
        engine.pipeline.request_map(known)
        world = known.stored.world
        response.keyframes, response.landmarks = len(world.keyframes), len(world.landmarks)
        return _answer(
            response, True, f"the next frames are looked for in the map {known}, to {known.mode}"
        )


def save_whole_map(path: Path, engine: Engine, scale_source: str) -> tuple[int, int]:
    """Write the map as a folder; numbers of its keyframes and landmarks. Raises MapError.

    A scale that was learned is in it, since a map that is loaded keeps its metres; one that is
    given is given again.
    """
    stored = engine.model.reconstructor.poses.stored_map()
    if scale_source in LEARNED_SOURCES:
        stored = stored.grown(engine.pipeline.progress().newest.scale.value)
    origin = {"program": f"mem4d_ros {mem4d_ros.__version__}", "network": engine.model.checkpoint}
    frame = engine.outputs.map_from_world
    if frame is None:
        raise MapError("the camera has no place in the map: save it where it is recognised")
    save_map(path, replace(stored, frame_from_world=frame, provenance=origin))
    return len(stored.world.keyframes), len(stored.world.landmarks)


def _left_out(engine: Engine) -> str:
    """Of which map that is in pieces a saved one is a part, to go on a sentence."""
    pieces = engine.model.reconstructor.poses.map_size().pieces
    return f", one of {pieces} pieces that were not seen together," if pieces > 1 else ""


def _answer(response: Response, success: bool, message: str) -> Response:
    response.success, response.message = success, message
    return response
