"""What Twilio sends on a media stream: numbered messages, and the caller's frames on an absolute schedule of 20 ms."""

import asyncio
import base64
import contextlib
import json
import random
from collections.abc import Callable
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.line import Delay, Line
from twilio_openai.rehearsal.microphone import Microphone
from twilio_openai.rehearsal.mulaw import FRAME_MS

CONGESTED_MS = 1000.0
"""A server that has not taken a message for so long loses what the caller says meanwhile."""


class Uplink:
    """One stream's way up. `congested` is told when the caller's audio is discarded."""

    def __init__(self, stream_sid: str, line: Line, microphone: Microphone, congested: Callable[[], None]) -> None:
        self.sent: list[tuple[float, dict[str, Any]]] = []
        """Every message but the frames, with the time at which it left the phone."""
        self.sent_audio = bytearray()
        """What the caller's side put on the line, in order."""
        self._stream_sid = stream_sid
        self._line = line
        self._microphone = microphone
        self._on_congested = congested
        self._random = random.Random(line.seed)
        self._began_ms = 0.0
        self._delay = Delay(0.0, 0.0, line.seed)
        self._outbox: asyncio.Queue[tuple[float, str | bytes] | None] = asyncio.Queue()
        self._held: list[tuple[float, bytes]] = []
        self._sequence, self._chunk = count(1), count(1)
        self._sending_since_ms: float | None = None
        self._finished = False

    def begin(self, at_ms: float) -> None:
        """The stream starts: stalls and timestamps count from here."""
        line = self._line
        stalls = tuple((at_ms + stall_ms, for_ms) for stall_ms, for_ms in line.stalls)
        self._began_ms = at_ms
        self._delay = Delay(line.delay_out_ms, line.jitter_ms, line.seed + 3, stalls)

    async def talk(self) -> None:
        """One frame each 20 ms, for as long as the call is up."""
        first_ms = self._began_ms + self._random.uniform(60.0, 160.0)
        for number in count():
            due_ms = first_ms + number * FRAME_MS
            await asyncio.sleep(max(0.0, due_ms - now_ms()) / 1000.0)
            self._frame(due_ms)

    def _frame(self, at_ms: float) -> None:
        frame = self._microphone.frame(at_ms)
        if frame is None and self._line.gaps:
            return
        self._held.append((at_ms, frame or self._microphone.quiet()))
        if len(self._held) >= self._line.burst_frames:
            self.release(at_ms)

    def release(self, at_ms: float) -> None:
        """Send the frames that were held back, all at once."""
        held, self._held = self._held, []
        if self._congested(at_ms):
            self._on_congested()
            return
        for taken_ms, frame in held:
            elapsed_ms = taken_ms - self._began_ms + self._random.uniform(-3.0, 3.0)
            media = {"track": "inbound", "chunk": str(next(self._chunk)), "timestamp": str(round(elapsed_ms))}
            self.sent_audio += frame
            self.post("media", {**media, "payload": base64.b64encode(frame).decode()}, at_ms)

    def _congested(self, at_ms: float) -> bool:
        return self._sending_since_ms is not None and at_ms - self._sending_since_ms > CONGESTED_MS

    def post(self, event: str, content: dict[str, Any], at_ms: float) -> None:
        """A message with the stream's name and the next number."""
        numbered = {"event": event, "sequenceNumber": str(next(self._sequence)), "streamSid": self._stream_sid}
        self.post_raw({**numbered, event: content}, at_ms)

    def post_raw(self, message: dict[str, Any], at_ms: float) -> None:
        """A message that leaves the phone at `at_ms`; nothing leaves after the end."""
        if self._finished:
            return
        if message["event"] != "media":
            self.sent.append((at_ms, message))
        self._outbox.put_nowait((self._delay.arrival_ms(at_ms), json.dumps(message, separators=(",", ":"))))

    def post_text(self, text: str | bytes) -> None:
        """A frame as it stands, garbage too."""
        if not self._finished:
            self._outbox.put_nowait((self._delay.arrival_ms(now_ms()), text))

    def finish(self) -> None:
        """Nothing more: the socket is closed behind the last message."""
        self._finished = True
        self._outbox.put_nowait(None)

    async def send_all(self, socket: ClientConnection) -> None:
        """Deliver every message when the line does, then close."""
        with contextlib.suppress(ConnectionClosed):
            while (item := await self._outbox.get()) is not None:
                due_ms, text = item
                if (wait_ms := due_ms - now_ms()) > 0:
                    await asyncio.sleep(wait_ms / 1000.0)
                self._sending_since_ms = now_ms()
                await socket.send(text)
                self._sending_since_ms = None
        await socket.close(1000)
