"""The conversation: what follows from each event of the caller's line and of the model. One `match` per side.

Each case asks the part that owns the rule: the caller's turns, the agent's turns with the ledger, the order of
answers, the farewell. `go_on` is what may have become possible after any event. Pure, as all parts are.
"""

from dataclasses import dataclass
from typing import Any

from ..protocols import openai_realtime as realtime
from ..protocols import twilio_media as twilio
from ..protocols.websocket_adapter import Action, Send, Side
from ..transcript import AgentLine, Transcript, WordCount
from . import recovery
from .actions import Note, RunTool
from .agent_turns import AgentTurns
from .answers import Answers
from .caller_turns import CallerTurns
from .farewell import Farewell
from .keypad import Keypad

UPTAKE_WATCH_MS = 8000.0
"""The model takes up a turn within this, or it is frozen."""

ANSWER_WATCH_MS = 10_000.0
"""While it answers, the model never says nothing at all for so long, or it is frozen."""

RESUME_MS = 300.0
"""How long a new session may find the caller's speech in the audio that was kept, before it is asked to go on
itself.
"""

EXPECTED_REFUSALS = frozenset(
    {"response_cancel_not_active", "conversation_already_has_active_response", "input_audio_buffer_commit_empty"}
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the agent behaves in a call.

    `greeting` is what its first answer is told, `prompt` what every other is. `after_greeting` is None where the
    caller may interrupt the greeting, else the part of the session that lets them interrupt from then on. For the
    others see `CallerTurns`.
    """

    greeting: str
    prompt: str = ""
    after_greeting: dict[str, Any] | None = None
    speech_padding_ms: float = 0.0
    silence_ms: float = 0.0
    max_call_ms: float = float("inf")


class Conversation:
    """One call's conversation. `began_ms` is the call's beginning on the clock of `now_ms`."""

    def __init__(self, stream_sid: str, manner: Manner, began_ms: float) -> None:
        self.transcript = Transcript()
        self.caller = CallerTurns(self.transcript, began_ms, manner.speech_padding_ms, manner.silence_ms)
        self.agent = AgentTurns(stream_sid, self.transcript, self._id, began_ms)
        self.answers = Answers()
        self.keypad = Keypad()
        self.farewell: Farewell | None = None
        self._manner = manner
        self._events = 0
        self._greeting: str | None = None  # the answer that greets
        self._protected = manner.after_greeting is not None
        self._unanswered = False  # whether the caller has spoken into a greeting that is protected
        self._late_results: list[str] = []  # of tools that a lost session called
        self._cut_off: AgentLine | None = None  # what a lost session was saying
        self._uptake_due_ms: float | None = None
        self._last_event_ms = began_ms

    # -- the caller's line

    def from_twilio(self, event: twilio.Event, now_ms: float) -> list[Action]:
        """What follows from one message of Twilio's that is neither hot nor the end."""
        match event:
            case twilio.Mark(name):
                settled = self.agent.settle(now_ms) if self.agent.ledger.echoed(name, now_ms) else []
                return settled + self.go_on(now_ms)
            case twilio.Dtmf(digit):
                self.keypad.press(digit, now_ms)
                return self.pass_digits(now_ms) + self.go_on(now_ms)
        return []

    def pass_digits(self, now_ms: float, *, ended: bool = False) -> list[Action]:
        """Digits that are complete: a turn of the caller's, and a message to the model."""
        pressed = self.keypad.take(now_ms, ended=ended)
        if pressed is None:
            return []
        item_id = self._id("keys")
        self.answers.wanted = True
        told = realtime.user_text(self._id("e"), item_id, f"(keys pressed) {pressed[0]}")
        return [self.caller.pressed(item_id, *pressed), self._to_model(told)]

    # -- the model

    def from_model(self, event: realtime.Event, now_ms: float) -> list[Action]:
        """What follows from one message of the model's that is not hot."""
        self._last_event_ms = now_ms
        match event:
            case realtime.AudioDelta():
                return self._late_audio(event, now_ms)
            case realtime.TextDelta(item_id, delta):
                self.agent.speech.text(item_id, delta)
                return []
            case realtime.TextDone(item_id, text):
                self.agent.speech.text_done(item_id, text)
            case realtime.SpeechStarted():
                return self._speech_started(event, now_ms)
            case realtime.SpeechStopped():
                self.caller.stopped(event, now_ms)
                return self.agent.settle(now_ms) + self.go_on(now_ms)
            case realtime.Committed():
                self.caller.committed(event, now_ms)
                self._unanswered = self._protected
                self._uptake_due_ms = None if self._protected else now_ms + UPTAKE_WATCH_MS
            case realtime.Transcribed(item_id, transcript):
                return self.caller.transcribed(item_id, transcript, now_ms)
            case realtime.TranscriptionFailed(item_id, reason):
                return self.caller.transcription_failed(item_id, reason, now_ms)
            case realtime.ItemAdded(item_id, previous, call_id):
                self.transcript.place(item_id, previous)
                self.answers.seen(call_id)
            case realtime.ResponseCreated(response_id):
                self._answer_began(response_id)
            case realtime.OutputItemAdded(response_id, item_id, "message"):
                self.agent.speech.add(item_id, response_id, cut=response_id in self.answers.cut)
            case realtime.OutputItemDone(kind="function_call", status="completed"):
                self.answers.calls[event.call_id] = event.response_id
                return [RunTool(event.call_id, event.name, event.arguments)]
            case realtime.OutputItemDone(item_id=item_id):
                self.agent.speech.item_done(item_id, event.text, completed=event.status == "completed")
            case realtime.ResponseDone():
                return self._answer_done(event, now_ms)
            case realtime.Error(code, message):
                return self._refused(code, message)
            case _:
                return []
        return self.go_on(now_ms)

    def _speech_started(self, event: realtime.SpeechStarted, now_ms: float) -> list[Action]:
        """The caller speaks: what has not been heard is cleared, unless the greeting is protected."""
        since_ms = self.caller.began(event, now_ms)
        self._cut_off = None
        if self._protected:
            return []
        settled = self.agent.settle(now_ms)
        self.farewell = None
        self.answers.interrupt()
        self.agent.speech.interrupt(self.answers.active)
        if not self.agent.ledger.unplayed:
            return settled
        self.caller.latencies.barge_ins.append(now_ms - since_ms)
        return settled + self.agent.clear(now_ms)

    def _answer_began(self, response_id: str) -> None:
        self.answers.created(response_id)
        self.caller.answer_began(response_id)
        self._uptake_due_ms = None
        self._greeting = self._greeting or response_id
        if self.farewell:
            self.farewell.answer_began(response_id)

    def _answer_done(self, event: realtime.ResponseDone, now_ms: float) -> list[Action]:
        self.answers.done(event.response_id, event.status, now_ms)
        self.caller.audio.watch(busy=self.answers.active is not None)
        told = self.agent.answer_done(event.response_id, now_ms, cut=event.response_id in self.answers.cut)
        if event.status == "failed":
            fields = {"reason": event.error_code, "response_id": event.response_id}
            told.insert(0, Note("answer.failed", "warning", fields))
        return told + self.go_on(now_ms)

    def _refused(self, code: str, message: str) -> list[Action]:
        if code == "conversation_already_has_active_response":
            self.answers.refused()
        level = "debug" if code in EXPECTED_REFUSALS else "warning"
        return [Note("model.error", level, {"code": code, "reason": message})]

    def play(self, delta: realtime.AudioDelta, now_ms: float) -> list[str]:
        """The messages that bring a delta to the loudspeaker."""
        self._last_event_ms = now_ms
        self.caller.answer_heard(delta.response_id, now_ms)
        return self.agent.play(delta, now_ms)

    def _late_audio(self, delta: realtime.AudioDelta, now_ms: float) -> list[Action]:
        """Audio of an answer that was cut is not sent; audio of the next one ends a cut that is still under way."""
        if delta.response_id in self.answers.cut:
            self.agent.speech.drop(delta)
            return []
        return self.agent.settle(now_ms) + [Send(Side.SOURCE, text) for text in self.play(delta, now_ms)]

    # -- tools

    def tool_done(self, call_id: str, output: str, now_ms: float) -> list[Action]:
        """A tool has answered. One that a lost session called is told to the next as something that it should know."""
        if call_id in self.answers.calls:
            self.answers.call_ended(call_id)
            return [self._to_model(realtime.tool_output(self._id("e"), call_id, output)), *self.go_on(now_ms)]
        if call_id in self.answers.orphans:
            self.answers.orphans.discard(call_id)
            self.answers.wanted = True
            told = f"A tool that you had called has answered: {output}"
            self._late_results.append(realtime.system_text(self._id("e"), told))
        return self.go_on(now_ms)

    # -- a lost session

    def watch_due_ms(self) -> float | None:
        """When the model, having said nothing for too long, is taken for frozen."""
        if self.answers.active is not None:
            return self._last_event_ms + ANSWER_WATCH_MS
        return self._uptake_due_ms

    def lost(self, now_ms: float) -> list[Action]:
        """The session is gone. What it was saying ends with the audio that was sent; what the caller said is kept."""
        self._uptake_due_ms = None
        actions = self.caller.lost(self._last_event_ms)
        cut_off, self._cut_off = self.agent.lost(now_ms)
        self.answers.lost()
        return actions + cut_off

    def resume(self, now_ms: float) -> list[Action]:
        """A new session is there: it gets the conversation as it was heard, then the caller's audio, and goes on."""
        seeds = [self._to_model(text) for text in recovery.conversation(self.transcript, self._id)]
        if self._manner.after_greeting and not self._protected:
            seeds.append(self._to_model(realtime.session_update(self._id("e"), self._manner.after_greeting)))
        kept = [self._to_model(text) for text in self.caller.audio.open(now_ms)]
        self.answers.not_before_ms = now_ms + RESUME_MS
        if self.caller.audio.unanswered:
            self.answers.wanted = False  # the caller's turn, heard again, brings its answer
        elif self._cut_off is not None or not any(self.transcript.agent_lines()):
            self.answers.wanted = True
        return [*seeds, *kept, *self.go_on(now_ms)]

    # -- what may go on

    def go_on(self, now_ms: float) -> list[Action]:
        """What the last event made possible: settled turns, the end of the greeting's protection, the next answer."""
        actions = self.agent.publish_ready(now_ms)
        if not self.caller.audio.open_session:
            return actions
        actions += [self._to_model(self._late_results.pop(0)) for _ in list(self._late_results)]
        if self._protected and self._greeting and self._is_over(self._greeting):
            actions += self._end_protection()
        if self.farewell and self.farewell.goodbye is None and self.answers.active != self.farewell.asked_in:
            self._find_goodbye(self.farewell)
        if self.answers.may_ask(now_ms, caller_speaks=self.caller.speaking):
            actions += self.ask(now_ms)
        return actions

    def ask(self, now_ms: float) -> list[Action]:
        """Ask the model for an answer: the greeting, the rest of what a lost session was saying, or whatever is next.

        A cut under way is settled before it.
        """
        instructions = None if any(self.transcript.agent_lines()) else self._manner.greeting
        if self._cut_off is not None:
            instructions, self._cut_off = recovery.go_on(self._manner.prompt, self._cut_off), None
        settled = self.agent.settle(now_ms)
        self.answers.ask()
        return [*settled, self._to_model(realtime.create_response(self._id("e"), instructions))]

    def farewell_heard(self) -> bool:
        """Whether the goodbye has been said and heard, so that the call may end."""
        goodbye = self.farewell.goodbye if self.farewell else None
        return goodbye is not None and self._is_over(goodbye)

    def _is_over(self, response_id: str) -> bool:
        return self.answers.active != response_id and self.agent.speech.heard_out(response_id)

    def _end_protection(self) -> list[Action]:
        self._protected = False
        self.answers.wanted = self.answers.wanted or self._unanswered
        return [self._to_model(realtime.session_update(self._id("e"), self._manner.after_greeting or {}))]

    def _find_goodbye(self, farewell: Farewell) -> None:
        if farewell.asked_in in self.agent.speech.spoken:
            farewell.goodbye, self.answers.wanted = farewell.asked_in, False
        elif not self.answers.asked and self.answers.active is None:
            self.answers.wanted = True

    def words_counted(self, item_id: str, count: WordCount) -> list[Action]:
        """How many words of a cut item were heard."""
        return self.agent.words_counted(item_id, count)

    # -- helpers

    def _to_model(self, text: str) -> Action:
        return Send(Side.TARGET, text)

    def _id(self, kind: str) -> str:
        self._events += 1
        return f"{kind}_{self._events}"
