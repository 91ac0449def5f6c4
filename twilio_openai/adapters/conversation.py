"""The conversation: what follows from each event of the caller's line and of the model. One `match` per side.

Each case asks the part that owns the rule: the caller's audio, the agent's speech with its ledger, the order of
answers, the farewell, the transcript. `go_on` is what may have become possible after any event. Pure, as all parts
are.
"""

from dataclasses import dataclass
from typing import Any

from ..ledger import PlaybackLedger
from ..protocols import openai_realtime as realtime
from ..protocols import twilio_media as twilio
from ..protocols.websocket_adapter import Action, Send, Side
from ..transcript import CallerLine, Transcript, WordCount
from .actions import CountWords, Note, Publish, RunTool
from .agent_speech import AgentSpeech, Cut, Item
from .answers import Answers
from .caller_audio import CallerAudio
from .farewell import Farewell
from .keypad import Keypad
from .latency import Latencies

EXPECTED_REFUSALS = frozenset(
    {"response_cancel_not_active", "conversation_already_has_active_response", "input_audio_buffer_commit_empty"}
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the agent behaves in a call.

    `greeting` is what its first answer is told. `after_greeting` is None where the caller may interrupt the greeting,
    else the part of the session that lets them interrupt from then on. `silence_ms` is how long the model waits
    before it says that speech has stopped, `speech_padding_ms` how much earlier than the speech the model says that
    it began.
    """

    greeting: str
    after_greeting: dict[str, Any] | None = None
    speech_padding_ms: float = 0.0
    silence_ms: float = 0.0
    max_call_ms: float = float("inf")


class Conversation:
    """One call's conversation. `began_ms` is the call's beginning on the clock of `now_ms`."""

    def __init__(self, stream_sid: str, manner: Manner, began_ms: float) -> None:
        self.transcript = Transcript()
        self.caller = CallerAudio(began_ms)
        self.agent = AgentSpeech(PlaybackLedger(), self.transcript, began_ms)
        self.answers = Answers()
        self.keypad = Keypad()
        self.farewell: Farewell | None = None
        self.speaking = False
        self.latencies = Latencies()
        self.counting: dict[str, Item] = {}
        self._manner = manner
        self._stream_sid = stream_sid
        self._began_ms = began_ms
        self._speech_began: dict[str, float] = {}
        self._greeting: str | None = None
        self._protected = manner.after_greeting is not None
        self._unanswered = False
        self._events = 0

    # -- the caller's line

    def from_twilio(self, event: twilio.Event, now_ms: float) -> list[Action]:
        """What follows from one message of Twilio's that is neither hot nor the end."""
        match event:
            case twilio.Mark(name):
                settled = self.settle(now_ms) if self.agent.ledger.echoed(name, now_ms) else []
                return settled + self.go_on(now_ms)
            case twilio.Dtmf(digit):
                self.keypad.press(digit, now_ms)
                return self.pass_digits(now_ms)
        return []

    def pass_digits(self, now_ms: float, *, ended: bool = False) -> list[Action]:
        """Digits that are complete: a turn of the caller's, and a message to the model."""
        pressed = self.keypad.take(now_ms, ended=ended)
        if pressed is None:
            return []
        digits, first_ms = pressed
        item_id = self._id("keys")
        line = self.transcript.caller(item_id, first_ms - self._began_ms)
        line.text = digits
        self.answers.wanted = True
        return [
            Publish(line.turn()),
            self._to_model(realtime.user_text(self._id("e"), item_id, f"(keys pressed) {digits}")),
        ]

    # -- the model

    def from_model(self, event: realtime.Event, now_ms: float) -> list[Action]:
        """What follows from one message of the model's that is not hot."""
        match event:
            case realtime.AudioDelta():
                return self._late_audio(event, now_ms)
            case realtime.TextDelta(item_id, delta):
                self.agent.text(item_id, delta)
                return []
            case realtime.TextDone(item_id, text):
                self.agent.text_done(item_id, text)
            case realtime.SpeechStarted(item_id, audio_start_ms):
                return self._speech_started(item_id, audio_start_ms, now_ms)
            case realtime.SpeechStopped(_, audio_end_ms):
                self.speaking = False
                self.latencies.last_word_ms = min(now_ms, self.caller.when(audio_end_ms - self._manner.silence_ms))
                return self.settle(now_ms) + self.go_on(now_ms)
            case realtime.Committed(item_id, previous):
                self._committed(item_id, previous, now_ms)
            case realtime.Transcribed(item_id, transcript):
                return self._transcribed(item_id, transcript, failed=False, now_ms=now_ms)
            case realtime.TranscriptionFailed(item_id, reason):
                note = Note("transcription.failed", "warning", {"item_id": item_id, "reason": reason})
                return [note, *self._transcribed(item_id, "", failed=True, now_ms=now_ms)]
            case realtime.ItemAdded(item_id, previous, call_id):
                self.transcript.place(item_id, previous)
                self.answers.seen(call_id)
            case realtime.ResponseCreated(response_id):
                self._answer_began(response_id)
            case realtime.OutputItemAdded(response_id, item_id, "message"):
                self.agent.add(item_id, response_id, cut=response_id in self.answers.cut)
            case realtime.OutputItemDone(kind="function_call", status="completed"):
                self.answers.calls[event.call_id] = event.response_id
                return [RunTool(event.call_id, event.name, event.arguments)]
            case realtime.OutputItemDone(item_id=item_id):
                self.agent.item_done(item_id, event.text, completed=event.status == "completed")
            case realtime.ResponseDone():
                return self._answer_done(event, now_ms)
            case realtime.Error(code, message):
                return self._refused(code, message)
            case _:
                return []
        return self.go_on(now_ms)

    def _speech_started(self, item_id: str, audio_start_ms: int, now_ms: float) -> list[Action]:
        """The caller speaks: what has not been heard is cleared, unless the greeting is protected."""
        self.speaking = True
        self._speech_began[item_id] = min(now_ms, self.caller.when(audio_start_ms + self._manner.speech_padding_ms))
        if self._protected:
            return []
        settled = self.settle(now_ms)
        self.farewell = None
        self.answers.interrupt()
        self.agent.interrupt(self.answers.active)
        if not self.agent.ledger.unplayed:
            return settled
        mark = self.agent.ledger.clear(now_ms)
        self.latencies.barge_ins.append(now_ms - self._speech_began[item_id])
        clear = [
            Send(Side.SOURCE, twilio.clear(self._stream_sid)),
            Send(Side.SOURCE, twilio.mark(self._stream_sid, mark)),
        ]
        return [*settled, *clear]

    def _committed(self, item_id: str, previous: str, now_ms: float) -> None:
        self.transcript.place(item_id, previous)
        self.transcript.caller(item_id, self._speech_began.pop(item_id, now_ms) - self._began_ms)
        self._unanswered = self._protected

    def _transcribed(self, item_id: str, text: str, *, failed: bool, now_ms: float) -> list[Action]:
        line: CallerLine = self.transcript.caller(item_id, now_ms - self._began_ms)
        if line.settled:
            return []
        line.text, line.failed = text, failed
        return [Publish(line.turn())]

    def _answer_began(self, response_id: str) -> None:
        self.answers.created(response_id)
        self._greeting = self._greeting or response_id
        if self.farewell:
            self.farewell.answer_began(response_id)

    def _answer_done(self, event: realtime.ResponseDone, now_ms: float) -> list[Action]:
        self.answers.done(event.response_id, event.status, now_ms)
        self.agent.answer_done(event.response_id, now_ms)
        notes: list[Action] = []
        if event.status == "failed":
            notes.append(
                Note("answer.failed", "warning", {"reason": event.error_code, "response_id": event.response_id})
            )
        told = self._tell(self.agent.untold(event.response_id)) if event.response_id in self.answers.cut else []
        return notes + told + self.go_on(now_ms)

    def _refused(self, code: str, message: str) -> list[Action]:
        if code == "conversation_already_has_active_response":
            self.answers.refused()
        level = "debug" if code in EXPECTED_REFUSALS else "warning"
        return [Note("model.error", level, {"code": code, "reason": message})]

    # -- the agent's audio

    def play(self, delta: realtime.AudioDelta, now_ms: float) -> list[str]:
        """The messages that bring a delta to the loudspeaker: media, and a mark behind each."""
        self.latencies.answered(now_ms)
        messages = []
        for payload, mark in self.agent.send(delta, now_ms):
            messages.append(twilio.media_head(self._stream_sid) + payload + twilio.MEDIA_TAIL)
            messages.append(twilio.mark(self._stream_sid, mark))
        return messages

    def _late_audio(self, delta: realtime.AudioDelta, now_ms: float) -> list[Action]:
        """Audio of an answer that was cut is not sent; audio of the next one ends a cut that is still under way."""
        if delta.response_id in self.answers.cut:
            self.agent.drop(delta)
            return []
        return self.settle(now_ms) + [Send(Side.SOURCE, text) for text in self.play(delta, now_ms)]

    def settle(self, now_ms: float) -> list[Action]:
        """End a cut that is under way: the model is told what was heard."""
        if not self.agent.ledger.clearing:
            return []
        cuts = self.agent.settle(self.agent.ledger.settle())
        items = [{"item_id": cut.item_id, "heard_ms": cut.heard_ms, "generated_ms": cut.generated_ms} for cut in cuts]
        note: list[Action] = [Note("barge_in", "info", {"items": items})] if cuts else []
        return note + self._tell(cuts) + self.publish_ready(now_ms)

    def _tell(self, cuts: list[Cut]) -> list[Action]:
        return [
            self._to_model(
                realtime.truncate(self._id("e"), cut.item_id, cut.heard_ms)
                if cut.heard_ms > 0
                else realtime.delete_item(self._id("e"), cut.item_id)
            )
            for cut in cuts
        ]

    # -- what may go on

    def go_on(self, now_ms: float) -> list[Action]:
        """Whatever the last event made possible: turns that are settled, the end of the greeting's protection, the next
        answer.
        """
        actions = self.publish_ready(now_ms)
        if self._protected and self._greeting and self._is_over(self._greeting):
            actions += self._end_protection()
        if self.farewell and self.farewell.goodbye is None and self.answers.active != self.farewell.asked_in:
            self._find_goodbye(self.farewell)
        if self.answers.may_ask(now_ms, caller_speaks=self.speaking):
            actions += self.ask(now_ms)
        return actions

    def ask(self, now_ms: float, instructions: str | None = None) -> list[Action]:
        """Ask the model for an answer; a cut under way is settled before it."""
        settled = self.settle(now_ms)
        self.answers.ask()
        return [*settled, self._to_model(realtime.create_response(self._id("e"), instructions))]

    def farewell_heard(self) -> bool:
        """Whether the goodbye has been said and heard, so that the call may end."""
        goodbye = self.farewell.goodbye if self.farewell else None
        return goodbye is not None and self._is_over(goodbye)

    def _is_over(self, response_id: str) -> bool:
        return self.answers.active != response_id and self.agent.heard_out(response_id)

    def _end_protection(self) -> list[Action]:
        self._protected = False
        self.answers.wanted = self.answers.wanted or self._unanswered
        return [self._to_model(realtime.session_update(self._id("e"), self._manner.after_greeting or {}))]

    def _find_goodbye(self, farewell: Farewell) -> None:
        if farewell.asked_in in self.agent.spoken:
            farewell.goodbye, self.answers.wanted = farewell.asked_in, False
        elif not self.answers.asked and self.answers.active is None:
            self.answers.wanted = True

    def publish_ready(self, now_ms: float) -> list[Action]:
        """The turns of which everything is known now."""
        return [self._count(item) for item in self.agent.take_ready(now_ms)]

    def _count(self, item: Item) -> Action:
        """All words of an item that was heard whole, none of one that was not heard at all; those of a cut one must be
        counted.
        """
        line = item.line
        if not line.interrupted or not line.heard_ms or not line.text.strip():
            line.heard_words = 0 if line.interrupted else len(line.text.split())
            return Publish(line.turn())
        self.counting[line.item_id] = item
        return CountWords(line.item_id, line.text, item.decoded(), line.heard_ms, item.completed)

    def words_counted(self, item_id: str, count: WordCount) -> list[Action]:
        """How many words of a cut item were heard."""
        item = self.counting.pop(item_id, None)
        if item is None:
            return []
        item.line.heard_words, item.line.count = count.words, count
        return [Publish(item.line.turn())]

    # -- helpers

    def _to_model(self, text: str) -> Send:
        return Send(Side.TARGET, text)

    def _id(self, kind: str) -> str:
        self._events += 1
        return f"{kind}_{self._events}"
