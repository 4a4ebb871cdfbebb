"""Pages of other sites are not let in; those who look on and programs of this machine are."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("viser", reason="serves the scene")

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from mem4d_ros.viewer import window
from mem4d_ros.viewer.door import FRAMING, Unguarded, guarded, own_names, refusal
from mem4d_ros.viewer.opening import ViewerUnavailable, open_viewer
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Scene
from mem4d_ros.viewer.window import Window

NAMES = frozenset({"localhost", "robot", "robot.local"})
ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    served = Window(ADDRESS, 0, follows=False)
    yield int(served.url.rsplit(":", 1)[1])
    served.close()


def handshake(port: int, host: str, origin: str | None) -> None:
    """Open the websocket as a page of `origin` would that calls the machine `host`."""
    there = socket.create_connection((ADDRESS, port))
    connect(f"ws://{host}:{port}", sock=there, origin=origin, subprotocols=["viser-v1.1.1"]).close()


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "http://localhost:8080"),
        ("localhost:9000", "http://localhost:9000"),  # through a tunnel
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("192.168.1.20:8080", "http://192.168.1.20:8080"),
        ("Robot.local:8080", "http://robot.local:8080"),
        ("localhost:8080", None),  # no browser
    ],
)
def test_the_viewers_own_page_may_come_in(host: str, origin: str | None) -> None:
    assert refusal([host], [origin] if origin else [], NAMES) is None


@pytest.mark.parametrize(
    ("hosts", "origins"),
    [
        (["localhost:8080"], ["https://evil.example"]),
        (["localhost:8080"], ["http://localhost:3000"]),  # another server of this machine
        (["localhost:8080"], ["http://localhost:8080.evil.example"]),
        (["localhost:8080"], ["null"]),  # a file, a frame in a sandbox
        (["evil.example:8080"], ["http://evil.example:8080"]),  # DNS rebinding
        (["evil.example:8080"], []),
        (["localhost.evil.example"], []),
        (["127.0.0.1.evil.example"], []),
        (["[::1"], []),
        (["localhost:8080"], ["http://[localhost:8080"]),
        (["localhost:8080"], ["localhost:8080"]),
        ([], []),
        (["localhost", "evil.example"], []),
        (["localhost:8080"], ["http://localhost:8080", "https://evil.example"]),
    ],
)
def test_no_other_page_may(hosts: list[str], origins: list[str]) -> None:
    assert refusal(hosts, origins, NAMES)


def test_a_machine_knows_its_names() -> None:
    assert {"localhost", "0.0.0.0", socket.gethostname().lower()} <= own_names("0.0.0.0")


def test_a_machine_that_tells_its_domain_knows_its_short_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Robot.lan")
    assert {"robot.lan", "robot", "robot.local"} <= own_names(ADDRESS)


@pytest.mark.parametrize("origin", ["http://localhost:{port}", None])
def test_the_server_opens_its_websocket(port: int, origin: str | None) -> None:
    handshake(port, "localhost", origin.format(port=port) if origin else None)


@pytest.mark.parametrize(
    ("host", "origin"),
    [("localhost", "https://evil.example"), ("evil.example", "http://evil.example:{port}")],
)
def test_the_server_refuses_websockets_of_other_sites(port: int, host: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        handshake(port, host, origin.format(port=port))
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("evil.example", 403)])
def test_the_page_is_given_to_those_who_know_the_machine(port: int, host: str, status: int) -> None:
    connection = http.client.HTTPConnection(ADDRESS, port)
    connection.request("GET", "/", headers={"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    assert answer.status == status
    if status == 200:
        assert answer.headers["Content-Security-Policy"] == FRAMING
    connection.close()


def test_a_server_that_would_be_open_to_all_is_not_started_unnoticed() -> None:
    with pytest.raises(Unguarded), guarded(NAMES):
        pass


def test_a_server_that_is_open_to_all_is_stopped_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def unknown_start(names: Collection[str]) -> Iterator[None]:
        yield
        raise Unguarded("viser starts its server in another way")

    monkeypatch.setattr(window, "guarded", unknown_start)
    with socket.socket() as free:
        free.bind((ADDRESS, 0))
        port = free.getsockname()[1]
    with pytest.raises(ViewerUnavailable, match="in another way"):
        open_viewer(Scene(), ViewerOptions(host=ADDRESS, port=port))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESS, port))
