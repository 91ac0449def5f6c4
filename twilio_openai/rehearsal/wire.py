"""The socket of one session of the stand-in model: one outbox, so that events leave in the order of what happened."""

import asyncio
import contextlib
import json
import random
import string
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from twilio_openai.rehearsal.answers import Fault
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.schema import Refused

if TYPE_CHECKING:
    from twilio_openai.rehearsal.options import Options

BETA_NAMES = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
    "conversation.item.added": "conversation.item.created",
}
GARBAGE: tuple[str | bytes, ...] = (
    b"\x00\x01binary",
    "not json",
    "[]",
    "null",
    '"text"',
    "{}",
    '{"type": 7}',
    '{"type": "response.output_audio.delta"}',
    '{"type": "response.output_audio.delta", "item_id": "item_nobody", "delta": "%%%"}',
    '{"type": "response.output_audio_transcript.delta", "item_id": null, "delta": {"a": 1}}',
    '{"type": "response.done"}',
    '{"type": "error"}',
    '{"type": "x", "padding": "' + "x" * 70_000 + '"}',
)
OVERSIZED_BYTES = 2 * 1024 * 1024
EXPIRED = "Your session hit the maximum duration of 60 minutes."


class Wire:
    """Sends events, now and then one that nobody knows; goes wrong when it is told to."""

    def __init__(self, socket: ServerConnection, options: "Options", number: int) -> None:
        self.random = random.Random(options.seed * 1000 + number)
        self.sent: list[tuple[float, dict[str, Any]]] = []
        """Every event that left."""
        self._socket = socket
        self._options = options
        self._outbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._timers: set[asyncio.TimerHandle] = set()
        self._silent = False
        self._closing: tuple[int, str] | None = None

    async def send_all(self) -> None:
        """Deliver what is in the outbox until the end."""
        with contextlib.suppress(ConnectionClosed):
            while (message := await self._outbox.get()) is not None:
                await self._socket.send(message)
            if self._closing:
                await self._socket.close(*self._closing)

    def finish(self) -> None:
        """The session is over: nothing leaves any more."""
        self._silent = True
        for timer in self._timers:
            timer.cancel()
        self._outbox.put_nowait(None)

    @property
    def silent(self) -> bool:
        """Nothing leaves any more."""
        return self._silent

    def later(self, delay_s: float, happen: Callable[[], None]) -> None:
        """Do something after a while, unless the session has ended."""

        def run() -> None:
            self._timers.discard(timer)
            happen()

        timer = asyncio.get_running_loop().call_later(max(0.0, delay_s), run)
        self._timers.add(timer)

    def send_raw(self, message: str | bytes) -> None:
        """Send a frame as it stands, garbage too."""
        if not self._silent:
            self._outbox.put_nowait(message)

    def emit(self, name: str, /, **fields: Any) -> None:
        """Send an event."""
        if self._silent:
            return
        shown = BETA_NAMES.get(name, name) if self._options.beta_names else name
        event = {"type": shown, "event_id": self.new_id("event"), **fields}
        if self._options.odd and self.random.random() < 0.05:
            event["unheard_of"] = {"since": "2027"}
        self.sent.append((now_ms(), event))
        self.send_raw(json.dumps(event))
        if self._options.odd and self.random.random() < 0.02:
            self.send_raw(json.dumps({"type": "session.weather", "event_id": self.new_id("event"), "sky": "blue"}))

    def error(self, refused: Refused, client_event: dict[str, Any] | None = None) -> None:
        """An error event; it may name the client's event that it answers."""
        event_id = client_event.get("event_id") if client_event and self._options.echo_event_id else None
        error = {"type": refused.type, "code": refused.code, "message": refused.message, "param": refused.param}
        self.emit("error", error=error | {"event_id": event_id})

    def suffer(self, fault: Fault) -> None:
        """Let something go wrong."""
        match fault.kind:
            case "drop":
                self._socket.transport.abort()
            case "freeze":
                self._silent = True
            case "close":
                self._close(fault.code, fault.reason)
            case "expire":
                self.error(Refused("session_expired", EXPIRED))
                self._close(1001, EXPIRED)
            case "error":
                message = "The server had an error while processing your request."
                self.error(Refused(fault.reason, message, None, "server_error"))
            case "garbage":
                for frame in GARBAGE:
                    self.send_raw(frame)
            case "oversized":
                self.send_raw(json.dumps({"type": "session.essay", "text": "x" * OVERSIZED_BYTES}))
            case _:
                raise ValueError(f"no such fault: {fault.kind}")

    def _close(self, code: int, reason: str) -> None:
        """Close, behind everything that has been said."""
        self._silent = True
        self._closing = (code, reason)
        self._outbox.put_nowait(None)

    def new_id(self, prefix: str) -> str:
        letters = string.ascii_letters + string.digits
        return f"{prefix}_{''.join(self.random.choices(letters, k=21))}"

    def padding(self) -> str:
        """The obfuscation of deltas of text."""
        return "".join(self.random.choices(string.ascii_letters, k=self.random.randint(11, 16)))

    def rate_limits(self) -> None:
        """`rate_limits.updated`, a little after the response; not always."""
        if self.random.random() < 0.1:
            return
        limits = [{"name": "tokens", "limit": 15_000_000, "remaining": 14_999_000, "reset_seconds": 0.004}]
        self.later(self.random.uniform(0.007, 0.043), lambda: self.emit("rate_limits.updated", rate_limits=limits))
