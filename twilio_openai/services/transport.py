"""Open sockets as the bridge wants them (its `Transport`), over libraries that speak in coroutines.

This is the plain way: one task reads and one writes, for as long as the socket is open. It works with every ASGI
server and platform.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ..errors import CallError

T = TypeVar("T")
OnMessage = Callable[[str | bytes], None]
OnClose = Callable[[int, str], None]

ABNORMAL = 1006
"""RFC 6455's code for a socket that ended without a close frame."""

CLOSE_TIMEOUT_S = 5.0


class SocketClosed(Exception):
    """A socket was closed while something was expected of it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class ParkedMessages:
    """Delivery of a socket's messages: whoever called `start` last gets them; while parked they wait, in order."""

    def __init__(self) -> None:
        self._waiting: deque[str | bytes] = deque()
        self._closed: tuple[int, str] | None = None
        self._on_close: OnClose | None = None
        self.deliver: OnMessage = self._waiting.append
        """Takes one message from the socket: to whoever started, without a step in between."""

    def start(self, on_message: OnMessage, on_close: OnClose) -> None:
        """Deliver what waited, then every message as it comes, then once the close code and reason."""
        self.deliver, self._on_close = on_message, on_close
        while self._waiting and self._on_close is not None:
            self.deliver(self._waiting.popleft())
        if self._closed and self._on_close is not None:
            self._on_close(*self._closed)

    def park(self) -> None:
        """Keep messages until the next `start`."""
        self.deliver, self._on_close = self._waiting.append, None

    @property
    def closed(self) -> bool:
        """Whether the socket is known to be closed."""
        return self._closed is not None

    def deliver_close(self, code: int, reason: str) -> None:
        """The socket is closed; only the first word counts."""
        if self._closed is None:
            self._closed = (code, reason)
            if self._on_close is not None:
                self._on_close(code, reason)


class ParkedTransport(ParkedMessages, ABC):
    """A transport whose messages wait until somebody starts it."""

    @abstractmethod
    def send(self, text: str) -> None:
        """See `Transport`."""

    @abstractmethod
    def close(self, code: int, reason: str) -> None:
        """See `Transport`."""

    @abstractmethod
    def pause(self) -> None:
        """See `Transport`."""

    @abstractmethod
    def resume(self) -> None:
        """See `Transport`."""

    @property
    @abstractmethod
    def unsent(self) -> int:
        """See `Transport`."""


class TaskTransport(ParkedTransport):
    """A socket with coroutines for receiving, sending and closing. `receive` raises `SocketClosed` at the end."""

    def __init__(
        self,
        receive: Callable[[], Awaitable[str | bytes]],
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int, str], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._receive, self._send, self._close = receive, send, close
        self._outgoing: deque[str] = deque()
        self._unsent = 0
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    def send(self, text: str) -> None:
        """Queue a text frame."""
        if self._closing is None and self._closed is None:
            self._outgoing.append(text)
            self._unsent += len(text)
            self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close once everything queued is sent."""
        if self._closing is None:
            self._closing = (code, reason)
            self._reading.set()
            self._wake.set()

    def pause(self) -> None:
        """Stop reading."""
        self._reading.clear()

    def resume(self) -> None:
        """Read again."""
        self._reading.set()

    @property
    def unsent(self) -> int:
        """Bytes queued here; what the library and the kernel hold is theirs to bound."""
        return self._unsent

    async def _read(self) -> None:
        try:
            while True:
                await self._reading.wait()
                message = await self._receive()
                self.deliver(message)  # whoever takes messages now, not when we began to wait
        except SocketClosed as closed:
            self.deliver_close(closed.code, closed.reason)
        finally:
            self._wake.set()

    async def _write(self) -> None:
        try:
            while self._closed is None:
                await self._wake.wait()
                self._wake.clear()
                while self._outgoing:
                    text = self._outgoing.popleft()
                    await self._send(text)
                    self._unsent -= len(text)
                if self._closing:
                    await asyncio.wait_for(self._close(*self._closing), CLOSE_TIMEOUT_S)
                    break
        except (SocketClosed, TimeoutError):
            pass
        if self._closing:
            self.deliver_close(*self._closing)
            self._tasks[0].cancel()


def asgi_transport(socket: WebSocket) -> TaskTransport:
    """The transport of a WebSocket that an ASGI server has accepted."""

    async def receive() -> str | bytes:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise SocketClosed(message.get("code", ABNORMAL), message.get("reason") or "")
        text: str | None = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"")

    async def send(text: str) -> None:
        try:
            await socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError, OSError):
            raise SocketClosed(ABNORMAL, "") from None

    async def close(code: int, reason: str) -> None:
        try:
            await socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError, OSError):
            raise SocketClosed(ABNORMAL, "") from None

    return TaskTransport(receive, send, close)


def client_transport(connection: ClientConnection) -> TaskTransport:
    """The transport of a connection of the `websockets` client."""

    def closed() -> SocketClosed:
        return SocketClosed(connection.close_code or ABNORMAL, connection.close_reason or "")

    async def receive() -> str | bytes:
        try:
            return await connection.recv()
        except ConnectionClosed:
            raise closed() from None

    async def send(text: str) -> None:
        try:
            await connection.send(text)
        except ConnectionClosed:
            raise closed() from None

    return TaskTransport(receive, send, connection.close)


async def expect(transport: ParkedTransport, read: Callable[[str | bytes], T | None], timeout_s: float) -> T:
    """The first thing that `read` makes of the messages; those after it wait for the next `start`.

    Raises:
        SocketClosed: the socket was closed before.
        TimeoutError: nothing came in time.
        CallError: whatever `read` raised.
    """
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def on_message(message: str | bytes) -> None:
        try:
            value = read(message)
        except CallError as error:
            transport.park()
            future.set_exception(error)
            return
        if value is not None:
            transport.park()
            future.set_result(value)

    def on_close(code: int, reason: str) -> None:
        if not future.done():
            future.set_exception(SocketClosed(code, reason))

    transport.start(on_message, on_close)
    try:
        async with asyncio.timeout(timeout_s):
            return await future
    finally:
        transport.park()
