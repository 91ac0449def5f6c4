"""The model's side of the fast transport: opens a WebSocket, over TLS for `wss`, without offering compression.

The handshake is made by the `websockets` library's protocol without input or output; then the connection changes
hands at once, so that what came with the answer's last bytes is the first that is read.
"""

import asyncio
import functools
import ssl
from collections.abc import Mapping
from typing import cast

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.http11 import Response
from websockets.uri import parse_uri

from .fast_transport import FastTransport, SocketLimits

MAX_HEAD_BYTES = 64 * 1024
"""More than this is no answer to an upgrade."""


async def connect(url: str, headers: Mapping[str, str], limits: SocketLimits, timeout_s: float) -> FastTransport:
    """An open WebSocket to `url`; its messages wait until somebody starts it.

    Raises:
        InvalidURI: `url` is none of a WebSocket.
        InvalidHandshake: the answer was another status than 101 (`InvalidStatus`), or none of a WebSocket server.
        OSError: there is no connection, or TLS was refused.
        TimeoutError: all this took too long.
    """
    uri = parse_uri(url)
    tls = _tls() if uri.secure else None
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        transport, handshake = await loop.create_connection(
            lambda: _Handshake(ClientProtocol(uri), headers, limits), uri.host, uri.port, ssl=tls
        )
        try:
            return await handshake.done
        except BaseException:
            transport.abort()
            raise


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all: to load the certificates takes longer than a handshake, and more memory than a call."""
    return ssl.create_default_context()


class _Handshake(asyncio.Protocol):
    """Sends the request, reads the head of the answer, hands the connection over."""

    def __init__(self, client: ClientProtocol, headers: Mapping[str, str], limits: SocketLimits) -> None:
        self.done: asyncio.Future[FastTransport] = asyncio.get_running_loop().create_future()
        self._client = client
        self._headers = headers
        self._limits = limits
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        request = self._client.connect()
        request.headers.update(self._headers)
        self._client.send_request(request)
        self._transport.write(b"".join(self._client.data_to_send()))

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if self.done.done() or (not end and len(head) < MAX_HEAD_BYTES):
            return
        try:
            self._check(head + end)
        except InvalidHandshake as error:
            self.done.set_exception(error)
            return
        fast = FastTransport(self._limits, client=True)
        self._transport.set_protocol(fast)
        fast.connection_made(self._transport)
        if rest:
            fast.data_received(rest)
        self.done.set_result(fast)

    def _check(self, head: bytes) -> None:
        try:
            status = int(head.split(b" ", 2)[1])
        except (IndexError, ValueError):
            raise InvalidMessage("no HTTP response") from None
        if status != 101:
            raise InvalidStatus(Response(status, "", Headers()))
        self._client.receive_data(head)
        if self._client.handshake_exc is not None:
            raise self._client.handshake_exc

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("closed during the handshake"))
