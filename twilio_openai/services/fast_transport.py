"""An open WebSocket as the bridge wants it, straight on an asyncio transport: bytes come in, and whatever follows is
done in that call. There is no task, queue or lock for a message; a socket costs one timer.

Both ends use it: `fast_server` makes one of a socket that uvicorn has accepted, `fast_client` of one that it opened.
The frames are our own (`websocket_frames`). picows, which is compiled, can take over a socket that has been upgraded
only through its private parts, and leaves fragments, reserved bits and the sum of a message's parts to us anyway.

The life of a socket: OPEN; CLOSING when either side has said why, or FAILED when the peer broke the protocol and is
not listened to any more; CLOSED when the connection is gone.

- `close` sends the reason behind all that is unsent, and gives the peer `CLOSE_TIMEOUT_S` to answer.
- A close frame of the peer's is answered at once.
- Without any: 1006. A peer that leaves a ping unanswered for `ping_timeout_s` is gone, too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast

from .transport import ABNORMAL, OnClose, OnMessage, ParkedTransport
from .websocket_frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    client_frame,
    close_payload,
    read_close,
    server_frame,
)

CLOSE_TIMEOUT_S = 1.0
"""How long a peer may take to answer a close frame, or to read what was sent before it."""

MAX_UNSENT_FOR_PONG = 64 * 1024
"""A peer that reads so little has no use for an answer to its ping."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What `WS_PING_INTERVAL`, `WS_PING_TIMEOUT`, `WS_MAX_SIZE` (bytes of a message) and `WS_MAX_QUEUE` (messages kept
    while nobody takes them) say.
    """

    ping_interval_s: float | None
    ping_timeout_s: float
    max_bytes: int
    max_waiting: int


class _State(Enum):
    OPEN = "open"
    CLOSING = "closing"
    FAILED = "failed"
    CLOSED = "closed"


class FastTransport(asyncio.Protocol, ParkedTransport):
    """One WebSocket after its handshake; `connection_made` begins its life."""

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
        self._state = _State.OPEN
        self._why = (ABNORMAL, "")
        self._pings = 0
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None

    # -- what the bridge does (`Transport`)

    def start(self, on_message: OnMessage, on_close: OnClose) -> None:
        """Deliver what waited, then every message as it comes, then once the close code and reason."""
        if len(self._waiting) >= self._limits.max_waiting:
            self.resume()
        super().start(on_message, on_close)

    def send(self, text: str) -> None:
        """Send a text frame."""
        if self._state is _State.OPEN:
            self._transport.write(self._frame(TEXT, text.encode()))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close once everything sent before has left."""
        if self._state is _State.OPEN:
            self._why = (code, reason)
            self._say_close(code, reason)

    def pause(self) -> None:
        """Stop reading; what has been read already is still delivered."""
        if self._state is _State.OPEN:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return 0 if self._state is _State.CLOSED else self._transport.get_write_buffer_size()

    # -- what the event loop calls (`asyncio.Protocol`)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is done."""
        self._transport = cast(asyncio.Transport, transport)
        self._await_ping()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        if self._state is _State.FAILED:
            return
        try:
            for opcode, payload in self._reader.read(data):
                if isinstance(payload, str) or opcode == BINARY:
                    if self._state is _State.OPEN:
                        self.deliver(payload)
                else:
                    self._control(opcode, payload)
        except FrameError as error:
            self._fail(error)
        if self._waiting and len(self._waiting) >= self._limits.max_waiting:
            self.pause()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._state = _State.CLOSED
        self._set_timer(0, None)
        self.deliver_close(*self._why)
        if self._on_lost is not None:
            self._on_lost(error)

    # -- control frames

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self._peer_closes(*read_close(payload))
        elif self._state is not _State.OPEN:
            return
        elif opcode == PONG:
            if payload == b"%d" % self._pings:
                self._await_ping()
        elif self.unsent < MAX_UNSENT_FOR_PONG:
            self._transport.write(self._frame(PONG, payload))

    def _await_ping(self) -> None:
        interval_s = self._limits.ping_interval_s
        self._set_timer(interval_s or 0, self._ping if interval_s else None)

    def _ping(self) -> None:
        self._pings += 1
        self._transport.write(self._frame(PING, b"%d" % self._pings))
        self._set_timer(self._limits.ping_timeout_s, self._unanswered)

    def _unanswered(self) -> None:
        if self._paused:  # the answer may well be there: it is we who do not read
            self._set_timer(self._limits.ping_timeout_s, self._unanswered)
            return
        self._why = (ABNORMAL, "no answer to a ping")
        self._say_close(1011, "no answer to a ping")
        self.deliver_close(*self._why)

    # -- the end

    def _peer_closes(self, code: int, reason: str) -> None:
        """The peer's close frame: its answer to ours, or the first word. The server ends the connection (RFC 6455,
        section 7.1.1).
        """
        if self._state is _State.OPEN:
            self._why = (code, reason)
            self._say_close(code, "")
        self.deliver_close(*self._why)
        if not self._is_client:
            self._transport.close()

    def _fail(self, error: FrameError) -> None:
        """The peer broke the protocol: it is told, and nothing that it says counts any more."""
        if self._state is _State.OPEN:
            self._why = (error.code, error.reason)
            self._say_close(error.code, error.reason)
        self._state = _State.FAILED
        self.deliver_close(*self._why)
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _say_close(self, code: int, reason: str) -> None:
        self._state = _State.CLOSING
        self.resume()
        self._transport.write(self._frame(CLOSE, close_payload(code, reason)))
        self._set_timer(CLOSE_TIMEOUT_S, self._transport.abort)

    def _set_timer(self, delay_s: float, happen: Callable[[], None] | None) -> None:
        """The only timer: the next ping, the wait for its answer, or the wait for the connection's end."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, happen) if happen else None
