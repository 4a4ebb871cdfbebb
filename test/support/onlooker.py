"""Looks on at the viewer as a browser does, and draws nothing."""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec
import viser
import zstandard
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

CAMERA_MESSAGE = {
    "type": "ViewerCameraMessage",
    "wxyz": (1.0, 0.0, 0.0, 0.0),
    "position": (0.0, 0.0, 0.0),
    "look_at": (1.0, 0.0, 0.0),
    "up_direction": (0.0, 0.0, 1.0),
    "image_height": 720,
    "image_width": 1280,
    "fov": 0.9,
    "near": 0.01,
    "far": 1000.0,
}
"""Where it looks from; a browser says so first."""


class Onlooker:
    """Counts what it is sent, on a thread of its own, and notes when the camera moves.

    Attributes:
        received: bytes.
        camera_at: times of time.monotonic.
        names: of all that has been put into the scene, such as /path/lines.
    """

    def __init__(self, url: str) -> None:
        self.received = 0
        self.camera_at: list[float] = []
        self.names: set[str] = set()
        self._connection = connect(
            url.replace("http", "ws"), subprotocols=[f"viser-v{viser.__version__}"], max_size=None
        )
        self._connection.send(msgspec.msgpack.encode(CAMERA_MESSAGE))
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def __enter__(self) -> Onlooker:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._thread.join()

    def _look(self) -> None:
        try:
            for window in self._connection:
                self.received += len(window)
                for message in messages(window):
                    self._note(message)
        except ConnectionClosed:
            return

    def _note(self, message: dict[str, Any]) -> None:
        if message["type"] == "CameraFrustumMessage":
            self.camera_at.append(time.monotonic())
        if "name" in message and "props" in message:
            self.names.add(message["name"])


def messages(window: bytes) -> list[dict[str, Any]]:
    """What viser's server says at once, without the arrays that come along."""
    plain, compressed = (int.from_bytes(window[at : at + 8], "little") for at in (0, 8))
    packed = zstandard.ZstdDecompressor().decompress(window[16 : 16 + compressed], plain)
    return list(msgspec.msgpack.decode(packed)["messages"])
