"""The address that browsers open, and who has opened it."""

from __future__ import annotations

import contextlib
import io
import socket
import threading

import viser

from mem4d_ros.viewer.door import Unguarded, guarded, own_names
from mem4d_ros.viewer.following import Viewpoint

FIELD_OF_VIEW = 0.9  # rad, vertical


class AddressUnavailable(OSError):  # noqa: N818
    """Nothing can be served there; the message says why and what to do."""


class Server(viser.ViserServer):
    """viser's server, which never asks another host for anything."""

    def request_share_url(self, verbose: bool = True) -> None:
        """No address on the internet, whoever asks for it."""


class Window:
    """Serves the scene and the panels to any number of browsers."""

    def __init__(self, host: str, port: int, follows: bool) -> None:
        """Raises AddressUnavailable and Unguarded. Port 0 takes any that is free."""
        check_address(host, port)
        with contextlib.redirect_stdout(io.StringIO()):  # viser's own greeting
            try:
                with guarded(own_names(host)):
                    self._server = Server(host=host, port=port, verbose=False)
            except Unguarded:
                self._server.stop()
                raise
        self._follows = follows
        self._viewpoint: Viewpoint | None = None
        self._boxes: dict[int, viser.GuiCheckboxHandle] = {}
        self._lock = threading.Lock()
        self.scene, self.gui = self._server.scene, self._server.gui
        self._server.initial_camera.fov = FIELD_OF_VIEW
        self._server.on_client_connect(self._on_connect)
        self._server.on_client_disconnect(self._on_disconnect)

    @property
    def url(self) -> str:
        """To open in a browser on this machine."""
        host = self._server.get_host()
        name = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host
        return f"http://{name}:{self._server.get_port()}"

    @property
    def clients(self) -> int:
        """How many browsers look on."""
        return len(self._server.get_clients())

    def start_from(self, viewpoint: Viewpoint) -> None:
        """Where browsers look from that open the address from now on."""
        self._server.initial_camera.position = viewpoint.position
        self._server.initial_camera.look_at = viewpoint.target

    def follow(self, viewpoint: Viewpoint) -> None:
        """Move those browsers there that follow the camera."""
        if self._viewpoint is not None:
            viewpoint = self._viewpoint.towards(viewpoint)
        self._viewpoint = viewpoint
        with self._lock:
            following = [number for number, box in self._boxes.items() if box.value]
        for number, client in self._server.get_clients().items():
            if number in following:
                with client.atomic():
                    client.camera.position = viewpoint.position
                    client.camera.look_at = viewpoint.target

    def close(self) -> None:
        """Serve nobody any more."""
        with contextlib.redirect_stdout(io.StringIO()):
            self._server.stop()

    def _on_connect(self, client: viser.ClientHandle) -> None:
        box = client.gui.add_checkbox("Follow the camera", self._follows, order=5)
        with self._lock:
            self._boxes[client.client_id] = box

    def _on_disconnect(self, client: viser.ClientHandle) -> None:
        with self._lock:
            self._boxes.pop(client.client_id, None)


def check_address(host: str, port: int) -> None:
    """Raises AddressUnavailable where nothing can be served at this address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise AddressUnavailable(
            f"the viewer cannot be served at {host}:{port} ({error.strerror}): give another port"
            " or an address of this machine"
        ) from error
