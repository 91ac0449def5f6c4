"""The bare relay: our transports and our bridge, with an adapter that moves audio and does nothing else.

What the whole server costs more than this is what its features cost.
"""

import asyncio
import json
from collections.abc import Sequence

from twilio_openai.protocols import openai_realtime as realtime
from twilio_openai.protocols import twilio_media as twilio
from twilio_openai.protocols.websocket_adapter import Actions, Close, Send, Side
from twilio_openai.protocols.websocket_bridge import WebSocketBridge
from twilio_openai.server import Server, now_ms
from twilio_openai.services import openai_service
from twilio_openai.services.transport import ParkedTransport
from twilio_openai.services.twilio_service import read_start


class BareAdapter:
    """Audio both ways, a mark behind the model's, `clear` and a rough truncate at a barge-in."""

    def __init__(self, stream_sid: str) -> None:
        self._stream_sid = stream_sid
        self._head = twilio.media_head(stream_sid)
        self._mark = twilio.mark(stream_sid, "part")
        self._kept: list[str] = []
        self._open = False
        self._item_id = ""
        self._began_ms = 0.0

    def open(self, side: Side, now_ms: float) -> Actions:
        """A side's socket is up."""
        self._open = self._open or side is Side.TARGET
        return [Send(Side.TARGET, text) for text in self._kept] if self._open else []

    def message(self, side: Side, text: str | bytes, now_ms: float) -> Actions:
        """Only a barge-in counts."""
        if side is Side.SOURCE or "input_audio_buffer.speech_started" not in str(text[:60]) or not self._item_id:
            return []
        cut = realtime.truncate("e", self._item_id, int(now_ms - self._began_ms))
        self._item_id = ""
        return [Send(Side.SOURCE, twilio.clear(self._stream_sid)), Send(Side.TARGET, cut)]

    def close(self, side: Side, code: int, reason: str, now_ms: float) -> Actions:
        """One side is gone: so is the call."""
        return [Close(side.other, 1000, "")]

    def error(self, side: Side, error: Exception, now_ms: float) -> Actions:
        """It ends the call."""
        return [Close(Side.SOURCE, 1011, ""), Close(Side.TARGET, 1000, "")]

    def tick(self, now_ms: float) -> Actions:
        """Nothing is ever due."""
        return []

    def due_ms(self, now_ms: float) -> float | None:
        """Nothing is ever due."""
        return None

    def from_source(self, text: str, now_ms: float) -> str | None:
        """The caller's frame."""
        payload = twilio.media_payload(text)
        if payload is None:
            return None
        appended = realtime.append_audio(payload)
        if not self._open:
            self._kept.append(appended)
            return ""
        return appended

    def from_target(self, text: str, now_ms: float) -> Sequence[str] | None:
        """The model's audio."""
        delta = realtime.audio_delta(text)
        if delta is None:
            return None
        if delta.item_id != self._item_id:
            self._item_id, self._began_ms = delta.item_id, now_ms
        return self._head + delta.payload + twilio.MEDIA_TAIL, self._mark


async def handle_call(caller: ParkedTransport, server: Server) -> None:
    """A call without anything that makes it one."""
    start = await read_start(caller, server.settings.twilio_account_sid)
    bridge = WebSocketBridge(BareAdapter(start.stream_sid), lambda action: None, now_ms)
    bridge.attach(Side.SOURCE, caller)
    predialled = await server.predial.take(start.call_sid)
    model = predialled or await openai_service.open_session(server.settings, json.loads("[]"))
    bridge.attach(Side.TARGET, model)
    async with asyncio.timeout(3600):
        await bridge.run()
