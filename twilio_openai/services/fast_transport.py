"""An open WebSocket as the bridge wants it, straight on an asyncio transport: bytes come in, and whatever follows is
done in that call. There is no task, queue or lock for a message; a socket costs one timer.

Both ends use it: `fast_server` makes one of a socket that uvicorn has accepted, `fast_client` of one that it opened.
The frames are our own (`websocket_frames`): a compiled parser saves less than its adoption of an upgraded socket costs
in trust, since that goes through its private parts. `docs/performance.md` has the measurements.

The life of a socket: OPEN, then CLOSING when either side has said why, then CLOSED when the connection is gone.

- `close` sends the reason behind all that is unsent, and gives the peer `CLOSE_TIMEOUT_S` to answer.
- A close frame of the peer's is answered at once.
- Without any: 1006. A peer that leaves a ping unanswered for `ping_timeout_s` is gone, too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast

from .transport import ABNORMAL, ParkedTransport
from .websocket_frames import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    Message,
    client_frame,
    close_payload,
    read_close,
    server_frame,
)

CLOSE_TIMEOUT_S = 1.0
"""How long a peer may take to answer a close frame, or to read what was sent before it."""

PING_UNANSWERED = 1011
"""The code under which a peer is left that answers no ping."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """How long a peer may be silent, and how much it may say: `WS_PING_INTERVAL` and so on."""

    ping_interval_s: float
    ping_timeout_s: float
    max_bytes: int
    max_waiting: int


class _State(Enum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class FastTransport(asyncio.Protocol, ParkedTransport):
    """One WebSocket after its handshake. Becomes a connection's protocol with `connection_made`."""

    def __init__(
        self, limits: SocketLimits, *, client: bool, on_lost: Callable[[Exception | None], None] | None = None
    ) -> None:
        """`client` tells which end is ours; `on_lost` is called when the connection is gone."""
        super().__init__()
        self._limits = limits
        self._is_client = client
        self._on_lost = on_lost
        self._reader = FrameReader(limits.max_bytes, from_client=not client)
        self._frame = client_frame if client else server_frame
        self._loop = asyncio.get_running_loop()
        self._state = _State.OPEN
        self._code, self._reason = ABNORMAL, ""
        self._paused = False
        self._pings = 0
        self._timer: asyncio.TimerHandle | None = None

    # -- what the bridge does (`Transport`)

    def send(self, text: str) -> None:
        """Send a text frame."""
        if self._state is _State.OPEN:
            self._transport.write(self._frame(TEXT, text.encode()))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close once everything sent before has left."""
        if self._state is _State.OPEN:
            self._code, self._reason = code, reason
            self._say_close(code, reason)

    def pause(self) -> None:
        """Stop reading; what has been read already is still delivered."""
        if self._state is _State.OPEN and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return 0 if self._state is _State.CLOSED else self._transport.get_write_buffer_size()
