"""Who may come in: no page of another site, whatever name it has for this address.

A browser lets any page open a websocket to any address, the robot's included, and then that page
could press every button (cross-site WebSocket hijacking, RFC 6455 section 10.2); with a name of its
own that leads here (DNS rebinding) it could even pass for the viewer's own page. viser checks
neither, and hands nothing on to `websockets`, which could: its call is completed here.
"""

from __future__ import annotations

import http
import ipaddress
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import websockets.asyncio.server
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

FRAMING = "frame-ancestors 'none'"
"""No page of another site shows this one inside of it, where clicks could be led astray."""

Answer = Callable[[ServerConnection, Request], Response | None]


class Unguarded(RuntimeError):  # noqa: N818
    """The server was started in a way that this module does not know."""


def own_names(host: str) -> frozenset[str]:
    """Names, but for addresses, that lead to this machine for sure, if it listens at `host`."""
    machine = socket.gethostname().lower()
    short = machine.partition(".")[0]  # some machines tell their domain, too
    return frozenset({"localhost", host.lower(), machine, short, f"{short}.local"})


def refusal(hosts: Sequence[str], origins: Sequence[str], names: Collection[str]) -> str | None:
    """Why a request with these `Host` and `Origin` headers must not be answered; None: it may.

    An address cannot be given to another machine as a name can. Programs other than browsers send
    no `Origin`.
    """
    if len(hosts) != 1 or len(origins) > 1:
        return "a request names one host and at most one origin"
    name = _name(hosts[0])
    if name is None or not (name in names or _is_address(name)):
        return (
            f"{hosts[0]} is no name of this machine: use its address, or {', '.join(sorted(names))}"
        )
    if origins and origins[0].lower().partition("://")[2] != hosts[0].lower():
        return f"a page of {origins[0]} has no business here"
    return None


@contextmanager
def guarded(names: Collection[str]) -> Iterator[None]:
    """Servers of viser that are started meanwhile let nobody else in.

    Raises Unguarded at the end, if none was started as is known here.
    """
    serve = websockets.asyncio.server.serve
    is_guarded = False

    def guarding(*arguments: Any, process_request: Answer, **options: Any) -> Any:
        nonlocal is_guarded
        is_guarded = True
        return serve(*arguments, process_request=checked(process_request, names), **options)

    websockets.asyncio.server.serve = guarding  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        websockets.asyncio.server.serve = serve  # type: ignore[misc]
    if not is_guarded:
        raise Unguarded("this version of viser starts its server in another way: install viser 1.1")


def checked(answer: Answer, names: Collection[str]) -> Answer:
    """The same answers for those who may come in, and only in a window of their own."""

    def answering(connection: ServerConnection, request: Request) -> Response | None:
        reason = refusal(request.headers.get_all("Host"), request.headers.get_all("Origin"), names)
        if reason is not None:
            status, body = http.HTTPStatus.FORBIDDEN, reason.encode()
            headers = Headers({"Content-Type": "text/plain", "Content-Length": str(len(body))})
            return Response(status, status.phrase, headers, body)
        response = answer(connection, request)
        if response is not None:
            response.headers["Content-Security-Policy"] = FRAMING
        return response

    return answering


def _name(host: str) -> str | None:
    """Of a host with or without a port, in lower case; None for nonsense."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
