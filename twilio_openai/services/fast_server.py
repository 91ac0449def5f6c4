"""Twilio's side of the fast transport: a WebSocket that uvicorn has accepted changes hands.

uvicorn's own protocol reads the upgrade, runs the application (routes, signature, 403) and writes the 101. It offers
the accepted socket in the connection's `scope`; who takes it gets every frame from then on by callback, without ASGI
in between. Who does not, and whoever runs under another server or a test client, goes on with ASGI as usual.
"""

import asyncio
from typing import cast

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from .fast_transport import FastTransport, SocketLimits

EXTENSION = "twilio_openai.hand_over"


class FastServerProtocol(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=...)`."""

    _heir: FastTransport | None = None
    _is_early = False

    def handle_connect(self, event: Request) -> None:
        """The upgrade has been read: the application is started, and may ask for the socket once it has accepted it."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(Scope, self.scope)["extensions"][EXTENSION] = self.hand_over

    def data_received(self, data: bytes) -> None:
        """The upgrade; anything that comes before the 101 was sent stays with uvicorn."""
        self._is_early = self.handshake_initiated
        super().data_received(data)

    def hand_over(self) -> FastTransport | None:
        """The accepted socket, to whom it belongs from now on; None when it cannot be had."""
        if self.disconnected or self.transport.is_closing() or self._is_early:
            return None
        self.stop_keepalive()
        limits = SocketLimits(
            ping_interval_s=self.config.ws_ping_interval,
            ping_timeout_s=self.config.ws_ping_timeout or 0,
            max_bytes=self.config.ws_max_size,
            max_waiting=self.config.ws_max_queue,
        )
        self._heir = FastTransport(limits, client=False, on_lost=self.connection_lost)
        self.transport.set_protocol(self._heir)
        self._heir.connection_made(self.transport)
        # The rest of uvicorn closes what it takes for its transport, when the application returns or fails.
        self.transport = cast(asyncio.Transport, self._heir)
        return self._heir

    def shutdown(self) -> None:
        """The server ends (1012: it restarts)."""
        if self._heir is None:
            super().shutdown()
        else:
            self._heir.close(1012)


def take_over(scope: Scope) -> FastTransport | None:
    """The socket of a WebSocket connection that has been accepted, if its server can hand it over."""
    hand_over = scope.get("extensions", {}).get(EXTENSION)
    return cast(FastTransport | None, hand_over()) if hand_over else None
