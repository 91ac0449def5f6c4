"""How a socket that uvicorn has accepted changes hands."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from sockets import (
    CLOSE,
    LIMITS,
    LOOPS,
    TEXT,
    Heard,
    Play,
    listening,
)
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from twilio_openai.services.fast_server import take_over

pytestmark = LOOPS


def test_a_refused_upgrade_gets_403_and_no_socket(play: Play) -> None:
    async def refuse(socket: WebSocket) -> None:
        await socket.close(1008)

    async def story() -> None:
        async with listening(_app(refuse), LIMITS, fast=True) as (upgrade, _):
            status, peer = await upgrade()
            assert " 403 " in status
            await peer.ended()

    play(story())


def test_a_route_that_returns_or_fails_closes_the_socket(play: Play) -> None:
    async def leave(socket: WebSocket) -> None:
        await socket.accept()
        assert take_over(socket.scope) is not None

    async def fail(socket: WebSocket) -> None:
        await leave(socket)
        raise LookupError

    async def story() -> None:
        for route in (leave, fail):
            async with listening(_app(route), LIMITS, fast=True) as (upgrade, state):
                _, peer = await upgrade()
                assert await peer.receive_close() in (1000, 1011)
                peer.send(CLOSE, b"\x03\xe8")
                await peer.ended()
                await asyncio.sleep(0.01)
                assert not state.connections

    play(story())


def test_a_route_that_does_not_take_the_socket_over_speaks_asgi(play: Play) -> None:
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    async def story() -> None:
        async with listening(_app(echo), LIMITS, fast=True) as (upgrade, _):
            _, peer = await upgrade()
            peer.send(TEXT, b"plain")
            assert await peer.receive() == (TEXT, b"plain")
            assert await peer.receive_close() == 1000

    play(story())


def test_the_server_ends(play: Play) -> None:
    async def stay(socket: WebSocket) -> None:
        await socket.accept()
        transport = take_over(socket.scope)
        assert transport
        await Heard(transport).close()

    async def story() -> None:
        async with listening(_app(stay), LIMITS, fast=True) as (upgrade, state):
            _, peer = await upgrade()
            for connection in list(state.connections):
                connection.shutdown()
            assert await peer.receive_close() == 1012

    play(story())


def test_under_a_test_client_there_is_nothing_to_take_over(play: Play) -> None:
    async def route(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(str(take_over(socket.scope)))
        await socket.close()

    with TestClient(_app(route)).websocket_connect("/ws") as client:
        assert client.receive_text() == "None"


def _app(route: Callable[[WebSocket], Coroutine[Any, Any, None]]) -> Starlette:
    return Starlette(routes=[WebSocketRoute("/ws", route)])
