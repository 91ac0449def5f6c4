"""Both ends of a WebSocket for tests: ours as a transport, and a peer that can send any bytes at all.

async with opened("fast server") as (ours, peer):
    heard = Heard(ours)
    peer.send(TEXT, b"hello")
    assert await heard.message() == "hello"
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.server import ServerState

from twilio_openai.services import fast_client, plain_client
from twilio_openai.services.fast_server import FastServerProtocol, take_over
from twilio_openai.services.fast_transport import SocketLimits
from twilio_openai.services.transport import ParkedTransport, asgi_transport

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
LIMITS = SocketLimits(ping_interval_s=20, ping_timeout_s=20, max_bytes=1000, max_waiting=16)
WAIT_S = 5.0


FAST = ("fast server", "fast client")
ALL = (*FAST, "plain server", "plain client")

Play = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a test's story on some event loop."""


def _on(factory: Callable[[], asyncio.AbstractEventLoop]) -> Play:
    async def whole(story: Coroutine[Any, Any, None]) -> None:
        await asyncio.wait_for(story, 15)
        await asyncio.sleep(0.01)  # aborted connections need one more turn of the loop

    def play(story: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(whole(story))

    return play


LOOPS = pytest.mark.parametrize(
    "play", [_on(uvloop.new_event_loop), _on(asyncio.new_event_loop)], ids=["uvloop", "asyncio"]
)


class Peer:
    """The other end, frame by frame."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: bool) -> None:
        self._reader, self._writer, self.is_client = reader, writer, client

    def send(self, opcode: int, payload: bytes = b"", *, first: int = 0x80, masked: bool | None = None) -> None:
        """Send one frame, see `frame`."""
        self.write(self.frame(opcode, payload, first=first, masked=masked))

    def frame(self, opcode: int, payload: bytes, *, first: int = 0x80, masked: bool | None = None) -> bytes:
        """One frame. `first` are the bits beside the opcode; `masked` may be wrong for this end."""
        size = len(payload)
        head = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
        if size > 0xFFFF:
            head = b"\x7f" + size.to_bytes(8, "big")
        if self.is_client if masked is None else masked:
            key = os.urandom(4)
            head = bytes([head[0] | 0x80]) + head[1:] + key
            payload = _masked(payload, key)
        return bytes([first | opcode]) + head + payload

    def write(self, data: bytes) -> None:
        """Any bytes."""
        self._writer.write(data)

    async def receive(self) -> tuple[int, bytes]:
        """The next frame."""
        async with asyncio.timeout(WAIT_S):
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
            assert bool(second & 0x80) is not self.is_client, "clients mask, servers do not"
            key = await self._reader.readexactly(4) if second & 0x80 else bytes(4)
            payload = await self._reader.readexactly(size)
        assert first & 0xF0 == 0x80, "we send whole frames without extensions"
        return first & 0x0F, _masked(payload, key)

    async def receive_close(self) -> int:
        """The code of the close frame that must come next, whatever pings come before it."""
        opcode, payload = await self.receive()
        while opcode == PING:
            opcode, payload = await self.receive()
        assert opcode == CLOSE
        return int.from_bytes(payload[:2], "big") if payload else 1005

    async def ended(self) -> None:
        """Until the other end has closed the connection."""
        async with asyncio.timeout(WAIT_S):
            assert await self._reader.read() == b""

    def drop(self) -> None:
        """Be gone, without a word."""
        self._writer.transport.abort()


def _masked(payload: bytes, key: bytes) -> bytes:
    pad = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(payload), "big")


class Heard:
    """What a transport has delivered."""

    def __init__(self, transport: ParkedTransport) -> None:
        self.closes: list[tuple[int, str]] = []
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._closed = asyncio.Event()
        transport.start(self._messages.put_nowait, self._on_close)

    def _on_close(self, code: int, reason: str) -> None:
        self.closes.append((code, reason))
        self._closed.set()

    @property
    def waiting(self) -> int:
        """Messages that came and have not been asked for."""
        return self._messages.qsize()

    async def message(self) -> str | bytes:
        """The next message."""
        return await asyncio.wait_for(self._messages.get(), WAIT_S)

    async def close(self) -> tuple[int, str]:
        """Code and reason, which must have come once."""
        await asyncio.wait_for(self._closed.wait(), WAIT_S)
        assert len(self.closes) == 1
        return self.closes[0]


Ends = tuple[ParkedTransport, Peer]


@contextlib.asynccontextmanager
async def opened(kind: str, limits: SocketLimits = LIMITS) -> AsyncIterator[Ends]:
    """Our end of this kind ("fast server", "plain client", ...) and its peer."""
    how, end = kind.split()
    async with (_server if end == "server" else _client)(limits, fast=how == "fast") as (ours, peer):
        try:
            yield ours, peer
        finally:
            peer.drop()
            ours.close(1000, "the test is over")
            await asyncio.sleep(0.01)


Upgrade = Callable[[], Awaitable[tuple[str, Peer]]]
"""Upgrades a new connection as a raw client: the status line of the answer, and the client."""


@contextlib.asynccontextmanager
async def listening(app: Any, limits: SocketLimits, *, fast: bool) -> AsyncIterator[tuple[Upgrade, ServerState]]:
    """An application behind uvicorn's protocols: how to get in, and uvicorn's account of its connections."""
    config = uvicorn.Config(
        app,
        ws=FastServerProtocol if fast else "websockets-sansio",
        lifespan="off",
        log_config=None,
        ws_ping_interval=limits.ping_interval_s,
        ws_ping_timeout=limits.ping_timeout_s,
        ws_max_size=limits.max_bytes,
        ws_max_queue=limits.max_waiting,
        ws_per_message_deflate=False,
    )
    config.load()
    state = ServerState()
    http: Callable[..., asyncio.Protocol] = config.http_protocol_class
    server = await asyncio.get_running_loop().create_server(
        lambda: http(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    peers: list[Peer] = []

    async def upgrade() -> tuple[str, Peer]:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        peers.append(Peer(reader, writer, client=True))
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
        return head.split(b"\r\n")[0].decode(), peers[-1]

    try:
        yield upgrade, state
    finally:
        for peer in peers:
            peer.drop()
        server.close()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=WAIT_S)


@contextlib.asynccontextmanager
async def _server(limits: SocketLimits, *, fast: bool) -> AsyncIterator[Ends]:
    accepted: asyncio.Future[ParkedTransport] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def route(socket: WebSocket) -> None:
        await socket.accept()
        handed = take_over(socket.scope)
        assert bool(handed) is fast
        accepted.set_result(handed or asgi_transport(socket))
        await over.wait()

    async with listening(Starlette(routes=[WebSocketRoute("/ws", route)]), limits, fast=fast) as (upgrade, _):
        status, peer = await upgrade()
        assert " 101 " in status
        try:
            yield await accepted, peer
        finally:
            over.set()


def answer(request: bytes) -> bytes:
    """The head with which a server accepts this upgrade."""
    key = next(line.split()[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )


@contextlib.asynccontextmanager
async def raw_server(
    reply: Callable[[bytes], bytes | None], certificate: tuple[Path, Path] | None = None
) -> AsyncIterator[tuple[str, "asyncio.Queue[Peer]"]]:
    """A server that answers an upgrade with whatever `reply` makes of it (None: not at all); its URL and its peers."""
    peers: asyncio.Queue[Peer] = asyncio.Queue()
    all_peers: list[Peer] = []

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if tls and certificate:
        tls.load_cert_chain(*certificate)

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = reply(await reader.readuntil(b"\r\n\r\n"))
        if data is not None:
            writer.write(data)
        all_peers.append(Peer(reader, writer, client=False))
        peers.put_nowait(all_peers[-1])

    server = await asyncio.start_server(on_connection, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'wss' if tls else 'ws'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime?model=m", peers
    finally:
        server.close()
        for peer in all_peers:
            peer.drop()


@contextlib.asynccontextmanager
async def _client(limits: SocketLimits, *, fast: bool) -> AsyncIterator[Ends]:
    async with raw_server(answer) as (url, peers):
        client = fast_client if fast else plain_client
        ours = await client.connect(url, {"Authorization": "Bearer k"}, limits, WAIT_S)
        yield ours, await peers.get()
