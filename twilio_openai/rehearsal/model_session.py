"""One connection to the stand-in model: what the client says is checked and done, what the API would say is said.

Everything happens in the reader's task or in a timer, and leaves through one outbox, so that the order of events is
the order of what happened.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from twilio_openai.rehearsal import client_events, mulaw, session
from twilio_openai.rehearsal.answers import Answer, Fault, Pacing
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.conversation import Conversation, Item
from twilio_openai.rehearsal.ears import Ears
from twilio_openai.rehearsal.response import Response, refuse_second
from twilio_openai.rehearsal.schema import Refused
from twilio_openai.rehearsal.wire import Wire

if TYPE_CHECKING:
    from twilio_openai.rehearsal.model import Model
    from twilio_openai.rehearsal.options import Options


@dataclass(frozen=True)
class Refusal:
    """Something that the client sent and the API refused."""

    session: int
    code: str | None
    message: str
    event: dict[str, Any] | None
    at_ms: float


class ModelSession:
    """What one client said and was told; `number` counts the model's sessions from 0."""

    def __init__(self, model: "Model", socket: ServerConnection, number: int, model_name: str) -> None:
        self.model = model
        self.number = number
        self.options: Options = model.options
        self.conversation = Conversation()
        self.opened_ms = now_ms()
        self.closed_ms: float | None = None
        self.close_code: int | None = None
        self.close_reason = ""
        self.received: list[tuple[float, dict[str, Any]]] = []
        """Every event of the client but the appends."""
        self.responses: list[Response] = []
        self.wire = Wire(socket, self.options, number)
        self.ears = Ears(self, self._speech_started, self._turn_ended)
        self.conversation_id = self.new_id("conv")
        self.config = session.new(self.new_id("sess"), model_name, int(time.time() + self.options.expires_s))
        self._socket = socket
        self._wanted = False

    async def run(self) -> None:
        """Serve the client until either side closes."""
        writer = asyncio.create_task(self.wire.send_all())
        self.emit("session.created", session=self.config)
        self.later(self.options.expires_s, lambda: self.suffer(Fault("expire")))
        with contextlib.suppress(ConnectionClosed):
            async for message in self._socket:
                self._hear(message)
        self.closed_ms = now_ms()
        self.close_code, self.close_reason = self._socket.close_code, self._socket.close_reason or ""
        self.wire.finish()
        for response in self.responses:
            await response.abandon()
        await writer

    # Shorthands

    @property
    def appended(self) -> bytes:
        """Every byte of audio that the client appended, in order."""
        return bytes(self.ears.appended)

    @property
    def caller_said(self) -> list[str | None]:
        """What was understood of each of the caller's turns."""
        return self.ears.caller_said

    @property
    def sent(self) -> list[tuple[float, dict[str, Any]]]:
        """Every event that left."""
        return self.wire.sent

    @property
    def items(self) -> list[Item]:
        """Every item there ever was, in the order of creation."""
        return list(self.conversation.known.values())

    def emit(self, name: str, /, **fields: Any) -> None:
        self.wire.emit(name, **fields)

    def later(self, delay_s: float, happen: Callable[[], None]) -> None:
        self.wire.later(delay_s, happen)

    def suffer(self, fault: Fault) -> None:
        self.wire.suffer(fault)

    def new_id(self, prefix: str) -> str:
        return self.wire.new_id(prefix)

    def padding(self) -> str:
        return self.wire.padding()

    # What the client says

    def _hear(self, message: str | bytes) -> None:
        event: dict[str, Any] | None = None
        try:
            event = client_events.read(message)
            if event["type"] != "input_audio_buffer.append":
                self.received.append((now_ms(), event))
            client_events.check(event)
            self._do(event)
        except Refused as refused:
            self.model.refusals.append(Refusal(self.number, refused.code, refused.message, event, now_ms()))
            self.wire.error(refused, event)

    def _do(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "input_audio_buffer.append":
                self.ears.append(event["audio"])
            case "input_audio_buffer.commit":
                self.ears.commit_by_hand()
            case "input_audio_buffer.clear":
                self.ears.clear()
            case "session.update":
                self._update(event["session"])
            case "conversation.item.create":
                self._create_item(event)
            case "conversation.item.retrieve":
                item = self.conversation.find(event["item_id"], "item_retrieve_invalid_item_id")
                self.emit("conversation.item.retrieved", item=item.wire())
            case "conversation.item.truncate":
                self._truncate(event["item_id"], event["audio_end_ms"])
            case "conversation.item.delete":
                self.conversation.delete(event["item_id"])
                self.emit("conversation.item.deleted", item_id=event["item_id"])
            case "response.create":
                self._create_response(event.get("response") or {})
            case "response.cancel":
                self._cancel(event.get("response_id"))

    def _update(self, change: dict[str, Any]) -> None:
        self.config = updated = session.updated(self.config, change, self.conversation.has_spoken)
        self.ears.configure(updated["audio"]["input"]["turn_detection"])
        if self.options.update_ms is not None:
            self.later(self.options.update_ms / 1000.0, lambda: self.emit("session.updated", session=updated))

    def _truncate(self, item_id: str, audio_end_ms: int) -> None:
        self.conversation.truncate(item_id, audio_end_ms, self.options.truncate_at_zero)
        self.emit("conversation.item.truncated", item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)

    def _create_item(self, event: dict[str, Any]) -> None:
        given = dict(event["item"])
        if given["type"] == "function_call_output":
            self.conversation.check_call(given["call_id"])
        content = [{**part} for part in given.get("content", [])]
        item = Item(
            given.get("id") or self.new_id("item"),
            given["type"],
            given.get("role"),
            text="".join(part.get("text", "") for part in content),
            content=content,
            extra={name: given[name] for name in ("call_id", "output", "name", "arguments") if name in given},
            created_ms=now_ms(),
        )
        self.add(item, event.get("previous_item_id"))

    def add(self, item: Item, previous_item_id: str | None = None) -> None:
        """Put a finished item into the conversation and tell the client."""
        previous_id = self.conversation.add(item, previous_item_id)
        self.emit("conversation.item.added", previous_item_id=previous_id, item=item.wire())
        self.emit("conversation.item.done", previous_item_id=previous_id, item=item.wire())

    # Responses

    @property
    def active(self) -> Response | None:
        """The response of the conversation that is under way."""
        return next((response for response in self.responses if response.active and response.in_conversation), None)

    def pacing(self, answer: Answer) -> Pacing:
        return answer.pacing or self.options.pacing

    def _create_response(self, request: dict[str, Any]) -> None:
        if request.get("conversation", "auto") != "none" and self.active:
            raise refuse_second(self.active)
        self._respond(request)

    def _respond(self, request: dict[str, Any]) -> None:
        answer = self.model.answer(self)
        response = Response(self, self.new_id("resp"), answer, request, on_done=lambda _: self._response_done())
        self.responses.append(response)

    def _response_done(self) -> None:
        if self._wanted and not self.active:
            self._wanted = False
            self._respond({})

    def _cancel(self, response_id: str | None) -> None:
        response = self.active
        if not response or response_id not in (None, response.id):
            raise Refused("response_cancel_not_active", "Cancellation failed: no active response found")
        response.cancel("client_cancelled")

    @property
    def _turn_detection(self) -> dict[str, Any]:
        return self.config["audio"]["input"]["turn_detection"] or {}

    def _speech_started(self) -> None:
        if self._turn_detection.get("interrupt_response") and self.active:
            self.active.cancel("turn_detected")

    def _turn_ended(self) -> None:
        """The turn is answered at once, or after the response that nobody may interrupt."""
        if not self._turn_detection.get("create_response"):
            return
        if self.active:
            self._wanted = True
        else:
            self._respond({})

    # Formats

    @property
    def output_bytes_per_ms(self) -> int:
        return 48 if self.config["audio"]["output"]["format"]["type"] == "audio/pcm" else mulaw.BYTES_PER_MS

    def encoded(self, audio: bytes) -> bytes:
        """Mu-law speech in the session's output format."""
        if self.output_bytes_per_ms == mulaw.BYTES_PER_MS:
            return audio
        return np.repeat(mulaw.decode(audio), 3).astype("<i2").tobytes()
