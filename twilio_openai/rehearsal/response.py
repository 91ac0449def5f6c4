"""One response of the stand-in model: its events in the API's exact order, to its end or to its cancellation."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twilio_openai.rehearsal import answers
from twilio_openai.rehearsal.answers import Answer, Call, Fault, Said, Step
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.conversation import Item
from twilio_openai.rehearsal.schema import Refused
from twilio_openai.rehearsal.tasks import settled
from twilio_openai.rehearsal.usage import usage_of

if TYPE_CHECKING:
    from twilio_openai.rehearsal.model_session import ModelSession

TRAILING_DELTAS = 2


@dataclass
class Response:
    """`answer` is what it will say. It is `pending` until `response.created` has left."""

    session: "ModelSession"
    id: str
    answer: Answer
    request: dict[str, Any] = field(default_factory=dict)
    status: str = "pending"
    items: list[Item] = field(default_factory=list)
    on_done: Callable[["Response"], None] = lambda response: None

    def __post_init__(self) -> None:
        session = self.session
        self.in_conversation = self.request.get("conversation", "auto") != "none"
        modalities = self.request.get("output_modalities", session.config["output_modalities"])
        self.modalities: list[str] = modalities
        self.spoken = modalities == ["audio"]
        self._open = list[int]()
        self._steps = list[Step]()
        self._interrupted = False
        self._began_ms = 0.0
        self._task = asyncio.create_task(self._run())

    @property
    def active(self) -> bool:
        return self.status in ("pending", "in_progress")

    # Its course

    async def _run(self) -> None:
        pacing = self.session.pacing(self.answer)
        await asyncio.sleep(pacing.create_ms / 1000.0)
        self.status = "in_progress"
        self.session.emit("response.created", response=self.wire())
        if self._interrupted:
            return self._finish("cancelled", {"type": "cancelled", "reason": "turn_detected"})
        await asyncio.sleep(pacing.think_ms / 1000.0)
        batch = self.session.options.batch_done
        self._steps = answers.plan(self.answer, pacing, self.session.wire.random, self.spoken, batch)
        self._began_ms = now_ms()
        while self._steps:
            await asyncio.sleep(max(0.0, self._began_ms + self._steps[0].due_ms - now_ms()) / 1000.0)
            self._perform(self._steps.pop(0))
        self._finish(*self._outcome())
        return None

    def _outcome(self) -> tuple[str, dict[str, Any] | None]:
        status, reason = self.answer.status, self.answer.reason
        if status == "completed":
            return status, None
        if status == "incomplete":
            return status, {"type": status, "reason": reason or "max_output_tokens"}
        return status, failure(reason or "server_error")

    def _perform(self, step: Step) -> None:
        if self.session.wire.silent:
            return
        match step.kind:
            case answers.OPEN:
                self._opening(step.index)
            case answers.TEXT:
                self._text(step.index, step.data)
            case answers.AUDIO:
                self._audio(step.index, step.data)
            case answers.ARGUMENTS:
                self._arguments(step.index, step.data)
            case answers.CLOSE:
                self._closing(step.index, "completed" if self.answer.status == "completed" else "incomplete")
            case answers.FAULT:
                self._fault(step.data)

    def _fault(self, fault: Fault) -> None:
        if fault.kind == "fail":
            self._stop_generating()
            self._finish("failed", failure(fault.reason))
        else:
            self.session.suffer(fault)

    def cancel(self, reason: str) -> None:
        """End it before its time; "turn_detected" or "client_cancelled". While it is pending it starts all the same."""
        if self.status == "pending":
            self._interrupted = reason == "turn_detected"
            return
        self._trail()
        self._stop_generating()
        self._finish("cancelled", {"type": "cancelled", "reason": reason})

    def _trail(self) -> None:
        """A few deltas more; text that was generated and held back comes after the end of the response."""
        elapsed_ms = now_ms() - self._began_ms
        audio = [step for step in self._steps if step.kind == answers.AUDIO and step.index in self._open]
        for step in audio[: self.session.wire.random.randint(0, TRAILING_DELTAS)]:
            self._audio(step.index, step.data)
        for step in self._steps:
            if step.kind == answers.TEXT and step.made_ms <= elapsed_ms and step.index in self._open:
                self.items[step.index].text += step.data
                delay_s = (step.due_ms - elapsed_ms) / 1000.0
                self.session.later(delay_s, self._straggler(step))

    def _straggler(self, step: Step) -> Callable[[], None]:
        return lambda: self._delta(step.index, "response.output_audio_transcript.delta", step.data, padded=True)

    def _stop_generating(self) -> None:
        self._steps = []
        for index in list(self._open):
            self._closing(index, "incomplete")
        if self._task is not asyncio.current_task():
            self._task.cancel()

    def _finish(self, status: str, details: dict[str, Any] | None) -> None:
        if not self.active:
            return
        self.status = status
        usage = usage_of(self)
        self.session.emit("response.done", response=self.wire(details, usage))
        if self.items:
            self.session.wire.rate_limits()
        self.on_done(self)

    async def abandon(self) -> None:
        """The session is over."""
        await settled([self._task])

    # Its events

    def _opening(self, index: int) -> None:
        part = self.answer.items[index]
        item = self._call_item(part) if isinstance(part, Call) else self._message_item(part)
        self.items.append(item)
        self._open.append(index)
        previous_id = self.session.conversation.add(item) if self.in_conversation else None
        self._emit(index, "response.output_item.added", item=item.wire())
        if self.in_conversation:
            self.session.emit("conversation.item.added", previous_item_id=previous_id, item=item.wire())
        if isinstance(part, Said):
            self._emit(index, "response.content_part.added", item_id=item.id, content_index=0, part=self._part(""))

    def _message_item(self, said: Said) -> Item:
        return Item(
            self.session.new_id("item"),
            role="assistant",
            status="in_progress",
            phase=said.phase,
            speech=said.speech,
            bytes_per_ms=self.session.output_bytes_per_ms,
            created_ms=now_ms(),
            response_id=self.id,
        )

    def _call_item(self, call: Call) -> Item:
        call_id = call.call_id or self.session.new_id("call")
        extra = {"name": call.name, "call_id": call_id, "arguments": ""}
        item_id = self.session.new_id("item")
        return Item(
            item_id, "function_call", status="in_progress", extra=extra, created_ms=now_ms(), response_id=self.id
        )

    def _text(self, index: int, text: str) -> None:
        self.items[index].text += text
        name = "response.output_audio_transcript.delta" if self.spoken else "response.output_text.delta"
        self._delta(index, name, text, padded=True)

    def _audio(self, index: int, audio: bytes) -> None:
        encoded = self.session.encoded(audio)
        self.items[index].audio += encoded
        self._delta(index, "response.output_audio.delta", base64.b64encode(encoded).decode())

    def _delta(self, index: int, name: str, delta: str, padded: bool = False) -> None:
        padding = {"obfuscation": self.session.padding()} if padded else {}
        self._emit(index, name, item_id=self.items[index].id, content_index=0, delta=delta, **padding)

    def _arguments(self, index: int, delta: str) -> None:
        item = self.items[index]
        item.extra["arguments"] += delta
        name, call_id = "response.function_call_arguments.delta", item.extra["call_id"]
        self._emit(index, name, item_id=item.id, call_id=call_id, delta=delta, obfuscation=self.session.padding())

    def _closing(self, index: int, status: str) -> None:
        item = self.items[index]
        self._open.remove(index)
        item.status = status
        if item.type == "message":
            self._close_message(index, item)
        else:
            call = {name: item.extra[name] for name in ("call_id", "name", "arguments")}
            self._emit(index, "response.function_call_arguments.done", item_id=item.id, **call)
        if self.in_conversation and not item.deleted:
            self.session.emit("conversation.item.done", previous_item_id=self._previous(item), item=item.wire())
        self._emit(index, "response.output_item.done", item=item.wire())

    def _close_message(self, index: int, item: Item) -> None:
        place: dict[str, Any] = {"item_id": item.id, "content_index": 0}
        if self.spoken:
            self._emit(index, "response.output_audio.done", **place)
            self._emit(index, "response.output_audio_transcript.done", **place, transcript=item.text)
            item.content = [{"type": "output_audio", "transcript": item.text}]
        else:
            self._emit(index, "response.output_text.done", **place, text=item.text)
            item.content = [{"type": "output_text", "text": item.text}]
        self._emit(index, "response.content_part.done", **place, part=self._part(item.text))

    def _previous(self, item: Item) -> str | None:
        items = self.session.conversation.items
        place = items.index(item)
        return items[place - 1].id if place else None

    def _part(self, text: str) -> dict[str, str]:
        return {"type": "audio", "transcript": text} if self.spoken else {"type": "text", "text": text}

    def _emit(self, index: int, name: str, /, **fields: Any) -> None:
        self.session.emit(name, response_id=self.id, output_index=index, **fields)

    def wire(self, details: dict[str, Any] | None = None, usage: dict[str, Any] | None = None) -> dict[str, Any]:
        """The response object."""
        config = self.session.config
        output = config["audio"]["output"]
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": "in_progress" if self.status == "pending" else self.status,
            "status_details": details,
            "output": [] if self.active else [item.wire() for item in self.items],
            "conversation_id": self.session.conversation_id if self.in_conversation else None,
            "output_modalities": self.modalities,
            "max_output_tokens": self.request.get("max_output_tokens", config["max_output_tokens"]),
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "usage": usage,
            "metadata": self.request.get("metadata"),
        }


def failure(code: str) -> dict[str, Any]:
    """Why a response failed, as `response.done` tells it."""
    error = {"type": "server_error", "code": code, "message": f"The response failed: {code}."}
    return {"type": "failed", "error": error}


def refuse_second(response: Response) -> Refused:
    """There is one response at a time."""
    message = (
        f"Conversation already has an active response in progress: {response.id}. "
        "Wait until the response is finished before creating a new one."
    )
    return Refused("conversation_already_has_active_response", message)
