"""A call as dialogue: both ends of the pure adapter, and a loudspeaker whose truth is known.

    phone  --frames, echoes-->  adapter  --media, marks, clear-->  phone       (each way takes `way_ms`)
    model  --server events--->  adapter  --client events---------> `sent`

Time is a number: it passes in `wait`, which delivers what is on its way and ticks the adapter when it asks for it.
Each item's audio is a byte of its own, so that the phone knows how much of which item its loudspeaker has played.
"""

import heapq
import json
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import Any

from twilio_openai.adapters import TwilioOpenAIAdapter
from twilio_openai.adapters.actions import CountWords, Ended, Note, Publish, RunTool, Transfer
from twilio_openai.adapters.manner import Manner
from twilio_openai.protocols.websocket_adapter import Action, Close, Send, SendAudio, Side
from twilio_openai.transcript import Turn, WordCount

STREAM = "MZ0123456789abcdef0123456789abcdef"
FRAME = json.dumps({"event": "media", "media": {"payload": b64encode(b"\x7e" * 160).decode()}}, separators=(",", ":"))
ANSWERING = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
NOT_INTERRUPTIBLE = Manner("Say hello.", after_greeting=ANSWERING)


# -- the loudspeaker


@dataclass
class Loudspeaker:
    """Twilio's buffer: plays in real time, sends a mark back when all before it has played, or at `clear`."""

    echo: Callable[[float, str], None]
    late_ms: float = 0.0
    free_at: float = 0.0
    segments: list[list[float]] = field(default_factory=list)  # [start, ms, tag of the item]
    marks: deque[tuple[float, str]] = field(default_factory=deque)
    cleared: int = 0

    def media(self, payload: str, now: float) -> None:
        """More audio, behind what waits."""
        audio = b64decode(payload)
        start = self.free_at if self.free_at > now else now + self.late_ms
        self.free_at = start + len(audio) / 8
        self.segments.append([start, len(audio) / 8, audio[0]])

    def mark(self, name: str, now: float) -> None:
        """A mark behind it."""
        self.marks.append((max(self.free_at, now), name))

    def clear(self, now: float) -> None:
        """Everything that waits is dropped, and every mark goes back."""
        self.cleared += 1
        self.segments = [[start, max(0.0, min(ms, now - start)), tag] for start, ms, tag in self.segments]
        self.free_at = now
        self.play(inf, now)

    def hang_up(self, now: float) -> None:
        """Nobody listens any more, and no mark comes back."""
        self.marks.clear()
        self.clear(now)
        self.cleared -= 1

    def play(self, until: float, at: float | None = None) -> None:
        """Send back the marks that have been reached."""
        while self.marks and self.marks[0][0] <= until:
            due, name = self.marks.popleft()
            self.echo(due if at is None else at, name)

    def played(self, tag: int, now: float) -> float:
        """How much of one item has left it, in ms."""
        return sum(max(0.0, min(ms, now - start)) for start, ms, of in self.segments if of == tag)


class PhoneCall:
    """One call, greeted with nothing: the greeting's answer is over before the first word unless `greeted` is off."""

    def __init__(
        self,
        manner: Manner | None = None,
        *,
        way_ms: float = 40.0,
        late_ms: float = 0.0,
        frames: bool = True,
        greeted: bool = True,
        count_words: bool = True,
    ) -> None:
        self.now = 0.0
        self.overdue = 0
        self.frames_to_phone = 0
        self._timer = inf
        self.way_ms = way_ms
        self.speaker = Loudspeaker(self._echo, late_ms)
        self.appended: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.told_phone: list[dict[str, Any]] = []
        self.actions: list[Action] = []
        self.generated: dict[str, float] = {}
        self._count_words = count_words
        self._tags: dict[str, int] = {}
        self._ids = count(1)
        self._on_the_way: list[tuple[float, int, Callable[[], None]]] = []
        self._answer = ""
        self._last_item: str | None = None
        self.adapter = TwilioOpenAIAdapter(STREAM, manner or Manner("Say hello."), 0.0)
        self.act(self.adapter.open(Side.SOURCE, self.now))
        if frames:
            self._later(20.0, self._frame)
        if greeted:
            self.model_opens()
            self.answer_begins("resp_hello")
            self.answer_ends()
            self.wait(3 * way_ms)
            self.new()

    # -- time

    def wait(self, ms: float) -> "PhoneCall":
        """Let time pass."""
        end = self.now + ms
        while (at := min(self._next_event(), self._timer)) <= end:
            self.now = max(self.now, at)
            self.speaker.play(self.now)
            if self._timer <= self.now:
                self._timer = inf
                self.act(self.adapter.tick(self.now))
            elif self._on_the_way and self._on_the_way[0][0] <= self.now:
                heapq.heappop(self._on_the_way)[2]()
        self.now = end
        self.speaker.play(self.now)
        return self

    def _next_event(self) -> float:
        mark = self.speaker.marks[0][0] if self.speaker.marks else inf
        return min(mark, self._on_the_way[0][0] if self._on_the_way else inf)

    def _set_timer(self) -> None:
        """As the bridge does, after every event but the hot ones; a deadline of the past is met a little later."""
        due = self.adapter.due_ms(self.now)
        self.overdue += due is not None and due <= self.now
        self._timer = min(self._timer, inf if due is None else max(due, self.now + 1))

    def _later(self, at: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._on_the_way, (at, next(self._ids), what))

    # -- the phone

    def _frame(self) -> None:
        if self.adapter.ended_by is None:
            self.appended.append(self.adapter.from_source(FRAME, self.now) or "")
            self._later(self.now + 20, self._frame)

    def _echo(self, at: float, name: str) -> None:
        self._later(at + self.way_ms, lambda: self.phone_sends({"event": "mark", "mark": {"name": name}}))

    def phone_sends(self, message: dict[str, Any] | str | bytes) -> None:
        """A message from Twilio, now."""
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        self.act(self.adapter.message(Side.SOURCE, text, self.now))

    def presses(self, digits: str) -> None:
        """The caller presses keys."""
        for digit in digits:
            self.phone_sends({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})

    def hangs_up(self, *, stop: bool = True) -> None:
        """The caller hangs up: nothing plays any more, and then Twilio says `stop`, or the socket is simply gone."""
        self.speaker.hang_up(self.now)
        self.wait(self.way_ms)
        if stop:
            self.phone_sends({"event": "stop", "stop": {"callSid": "CA1"}})
        else:
            self.act(self.adapter.close(Side.SOURCE, 1006, "", self.now))

    def _to_phone(self, text: str) -> None:
        message = json.loads(text)
        if message["event"] != "media":
            self.told_phone.append(message)
        at = self.now + self.way_ms
        match message:
            case {"event": "media", "media": {"payload": payload}}:
                self.frames_to_phone += 1
                self._later(at, lambda: self.speaker.media(payload, self.now))
            case {"event": "mark", "mark": {"name": name}}:
                assert len(name.encode()) < 64
                self._later(at, lambda: self.speaker.mark(name, self.now))
            case {"event": "clear"}:
                self._later(at, lambda: self.speaker.clear(self.now))

    def truly_played(self, item_id: str) -> float:
        """How much of an item the loudspeaker has played by now, in ms."""
        return self.speaker.played(self._tags.get(item_id, -1), self.now)

    # -- the model

    def model_opens(self) -> None:
        """The session is up."""
        self.act(self.adapter.open(Side.TARGET, self.now))

    def model_sends(self, kind: str, **fields: Any) -> None:
        """A server event, now, on the way that the bridge gives it."""
        text = json.dumps({"type": kind, "event_id": f"event_{next(self._ids)}", **fields}, separators=(",", ":"))
        hot = self.adapter.from_target(text, self.now)
        if hot is None:
            self.act(self.adapter.message(Side.TARGET, text, self.now))
        else:
            for out in hot:
                self._to_phone(out)

    def model_refuses(self, code: str, event_id: str | None = None) -> None:
        """The API says no to something."""
        error = {"type": "invalid_request_error", "code": code, "message": code, "param": None, "event_id": event_id}
        self.model_sends("error", error=error)

    def answer_begins(self, response_id: str) -> None:
        """The model begins an answer."""
        self._answer = response_id
        self.model_sends("response.created", response={"id": response_id, "status": "in_progress", "output": []})

    def item_begins(self, item_id: str) -> None:
        """A spoken item of the answer."""
        item = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        self.model_sends("response.output_item.added", response_id=self._answer, output_index=0, item=item)
        self.model_sends("conversation.item.added", previous_item_id=self._last_item, item=item)
        self._last_item = item_id

    def text(self, item_id: str, delta: str) -> None:
        """Some of its words."""
        self.model_sends(
            "response.output_audio_transcript.delta", response_id=self._answer, item_id=item_id, delta=delta
        )

    def audio(self, item_id: str, ms: int, *, answer: str | None = None, delta_ms: int = 200) -> None:
        """Some of its audio, in deltas."""
        tag = self._tags.setdefault(item_id, 1 + len(self._tags))
        self.generated[item_id] = self.generated.get(item_id, 0) + ms
        while ms > 0:
            size = min(ms, delta_ms)
            payload = b64encode(bytes([tag]) * (size * 8)).decode()
            self.model_sends(
                "response.output_audio.delta", response_id=answer or self._answer, item_id=item_id, delta=payload
            )
            ms -= size

    def item_ends(self, item_id: str, text: str, status: str = "completed", *, answer: str | None = None) -> None:
        """The item is complete, or was cut off by the server."""
        ids = {"response_id": answer or self._answer, "item_id": item_id}
        self.model_sends("response.output_audio.done", **ids)
        self.model_sends("response.output_audio_transcript.done", **ids, transcript=text)
        content = [{"type": "output_audio", "transcript": text}]
        item = {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": content}
        self.model_sends("conversation.item.done", item=item)
        self.model_sends("response.output_item.done", response_id=ids["response_id"], output_index=0, item=item)

    def answer_ends(self, status: str = "completed", code: str | None = None, *, answer: str | None = None) -> None:
        """The answer is over. Twice is no use."""
        reasons = {"cancelled": {"type": "cancelled", "reason": "turn_detected"}}
        details = {"type": "failed", "error": {"code": code}} if code else reasons.get(status)
        response = {"id": answer or self._answer, "status": status, "status_details": details, "usage": None}
        self.model_sends("response.done", response=response)

    def model_says(self, item_id: str, text: str, ms: int, *, answer: str | None = None) -> None:
        """A whole answer of one item, generated at once."""
        self.answer_begins(answer or f"resp_{item_id}")
        self.model_adds(item_id, text, ms)
        self.answer_ends()

    def model_adds(self, item_id: str, text: str, ms: int) -> None:
        """One more item of the answer, generated at once: words ahead of audio."""
        self.item_begins(item_id)
        self.text(item_id, text)
        self.audio(item_id, ms)
        self.item_ends(item_id, text)

    def model_calls(self, call_id: str, name: str, arguments: str = "{}", status: str = "completed") -> None:
        """A function call in the answer."""
        item = {"id": f"fc_{call_id}", "type": "function_call", "status": status, "name": name, "call_id": call_id}
        item["arguments"] = arguments
        self.model_sends("response.output_item.added", response_id=self._answer, output_index=1, item=item)
        self.model_sends("conversation.item.added", previous_item_id=self._last_item, item=item)
        self.model_sends("response.output_item.done", response_id=self._answer, output_index=1, item=item)

    def output_arrives(self, call_id: str) -> None:
        """The API has taken a tool's output into the conversation."""
        item = {"id": f"out_{call_id}", "type": "function_call_output", "call_id": call_id, "output": "{}"}
        self.model_sends("conversation.item.added", previous_item_id=self._last_item, item=item)

    # -- the caller, as the model hears them

    def caller_speaks(self, item_id: str = "user_1", audio_start_ms: int | None = None) -> None:
        """The caller begins to speak."""
        at = int(self.now) if audio_start_ms is None else audio_start_ms
        self.model_sends("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=at)

    def caller_stops(self, item_id: str = "user_1") -> None:
        """The caller is quiet again: their speech is an item now."""
        self.model_sends("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=int(self.now))
        self.model_sends("input_audio_buffer.committed", item_id=item_id, previous_item_id=self._last_item)
        item = {"id": item_id, "type": "message", "role": "user", "status": "completed", "content": []}
        self.model_sends("conversation.item.added", previous_item_id=self._last_item, item=item)
        self._last_item = item_id

    def transcribed(self, item_id: str, transcript: str) -> None:
        """What the caller said, in words."""
        kind = "conversation.item.input_audio_transcription.completed"
        self.model_sends(kind, item_id=item_id, content_index=0, transcript=transcript, usage={"type": "tokens"})

    def caller_says(self, item_id: str, text: str, ms: float = 800) -> None:
        """A whole turn of the caller's, transcribed at once."""
        self.caller_speaks(item_id)
        self.wait(ms)
        self.caller_stops(item_id)
        self.transcribed(item_id, text)

    # -- what the adapter did

    def act(self, actions: Iterable[Action] | None) -> None:
        """Keep what the adapter did, and play what goes to the phone; None: nothing followed."""
        if actions is None:
            return
        for action in actions:
            self.actions.append(action)
            match action:
                case Send(Side.SOURCE, text):
                    self._to_phone(text)
                case Send(Side.TARGET, text) if not text.startswith('{"type":"input_audio_buffer.append"'):
                    self.sent.append(json.loads(text))
                case Send(Side.TARGET, text) | SendAudio(text):
                    self.appended.append(text)
                case CountWords(item_id, text, audio, heard_ms) if self._count_words:
                    share = heard_ms / max(heard_ms, len(audio) / 8, 1)
                    self.count(item_id, int(share * len(text.split())))
        self._set_timer()

    def count(self, item_id: str, words: int) -> None:
        """The words of a cut item were counted."""
        self.act(self.adapter.words_counted(item_id, WordCount(words, 0.9)))

    def new(self) -> list[dict[str, Any]]:
        """What the model was sent since the last question, audio left out."""
        sent, self.sent = self.sent, []
        return sent

    def new_to_phone(self) -> list[dict[str, Any]]:
        """What the phone was sent since the last question, audio left out."""
        told, self.told_phone = self.told_phone, []
        return told

    def published(self) -> list[Turn]:
        """The turns as they were settled, whenever."""
        return [action.turn for action in self.actions if isinstance(action, Publish)]

    def turn(self, item_id: str) -> Turn:
        """The one settled turn of this item."""
        [turn] = [turn for turn in self.published() if turn.item_id == item_id]
        return turn

    def transcript(self) -> list[Turn]:
        """The whole call, in the order of the conversation."""
        return self.adapter.conversation.transcript.turns()

    def notes(self, event: str) -> list[Note]:
        """What went into the log under this name."""
        return [action for action in self.actions if isinstance(action, Note) and action.event == event]

    def tools_run(self) -> list[str]:
        """The calls that were run."""
        return [action.call_id for action in self.actions if isinstance(action, RunTool)]

    def closes(self) -> list[Close]:
        """The sockets that were closed, in order."""
        return [action for action in self.actions if isinstance(action, Close)]

    def ended_by(self) -> str | None:
        """Who ended the call; said once."""
        ends = [action.ended_by for action in self.actions if isinstance(action, Ended)]
        assert len(ends) <= 1
        return ends[0] if ends else None

    def transfers(self) -> list[Transfer]:
        """To whom the caller was put through."""
        return [action for action in self.actions if isinstance(action, Transfer)]

    def tool_answers(self, call_id: str, output: str = "{}") -> None:
        """A tool has answered."""
        self.act(self.adapter.tool_done(call_id, output, self.now))

    def end_is_asked(self, call_id: str, number: str | None = None) -> None:
        """`end_call` or `transfer_call` has run."""
        self.act(self.adapter.end_asked(call_id, '{"ok":true}', "done", number, self.now))
