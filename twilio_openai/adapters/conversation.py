"""The conversation: what follows from each event of the caller's line and of the model. One `match` per side.

Each case asks the part that owns the rule: the caller's turns, the agent's turns with the ledger, the order of
answers, the farewell. `go_on` is what may have become possible after any event. Pure, as all parts are.
"""

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
from .greeting import Greeting
from .keypad import Keypad
from .manner import Manner
from .model_watch import ModelWatch

RESUME_MS = 300.0
"""How long a new session may find the caller's speech in the audio that was kept, before it is asked to go on
itself.
"""

EXPECTED_REFUSALS = frozenset(
    {"response_cancel_not_active", "conversation_already_has_active_response", "input_audio_buffer_commit_empty"}
)


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
        self._greeting = Greeting(manner.after_greeting is not None)
        self._watch = ModelWatch(began_ms)
        self._for_session: list[str] = []  # what the next session should know
        self._cut_off: AgentLine | None = None  # what a lost session was saying

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
        turn = self.caller.pressed(item_id, *pressed)
        self.answers.unseen.add(item_id)
        if self.caller.audio.open_session:
            return [turn, self._to_model(told)]
        self._for_session.append(told)
        return [turn]

    # -- the model

    def from_model(self, event: realtime.Event, now_ms: float) -> list[Action]:
        """What follows from one message of the model's that is not hot."""
        self._watch.alive_ms = now_ms
        match event:
            case realtime.AudioDelta(payload=payload):
                return self._late_audio(event, now_ms) if payload else []
            case realtime.TextDelta(item_id, delta):
                self.agent.speech.text(item_id, delta)
                return []
            case realtime.TextDone(item_id, text):
                self.agent.speech.text_done(item_id, text)
            case realtime.SpeechStarted():
                return self._speech_started(event, now_ms)
            case realtime.SpeechStopped():
                self.caller.stopped(event, now_ms)
                if self._greeting.auto_answers:
                    self._watch.turn_ended(now_ms)
                return self.agent.settle(now_ms) + self.go_on(now_ms)
            case realtime.Committed():
                self._committed(event, now_ms)
            case realtime.Transcribed(item_id, transcript):
                return self.caller.transcribed(item_id, transcript, now_ms)
            case realtime.TranscriptionFailed(item_id, reason):
                return self.caller.transcription_failed(item_id, reason, now_ms)
            case realtime.ItemAdded(item_id, previous, call_id):
                self.transcript.place(item_id, previous)
                self.answers.seen(call_id or item_id)
            case realtime.ResponseCreated(response_id):
                return self._answer_began(response_id)
            case realtime.OutputItemAdded(response_id, item_id, "message"):
                self.agent.speech.add(item_id, response_id, cut=response_id in self.answers.cut)
            case realtime.OutputItemDone(kind="function_call", status="completed"):
                self.answers.calls[event.call_id] = event.response_id
                return [RunTool(event.call_id, event.name, event.arguments)]
            case realtime.OutputItemDone(item_id=item_id):
                self.agent.speech.item_done(item_id, event.text, completed=event.status == "completed")
            case realtime.ResponseDone():
                return self._answer_done(event, now_ms)
            case realtime.Error():
                return self._refused(event, now_ms)
            case realtime.SessionUpdated():
                self._greeting.lifted()
            case _:
                return []
        return self.go_on(now_ms)

    def _speech_started(self, event: realtime.SpeechStarted, now_ms: float) -> list[Action]:
        """The caller speaks: what has not been heard is cleared, unless the greeting is protected."""
        since_ms = self.caller.began(event, now_ms)
        self._cut_off = None
        if self._greeting.protected:
            return []
        settled = self.agent.settle(now_ms)
        self.farewell = None
        self.answers.interrupt(self.agent.interrupt())
        if not self.agent.ledger.unplayed:
            return settled
        self.caller.latencies.barge_ins.append(now_ms - since_ms)
        return settled + self.agent.clear(now_ms)

    def _committed(self, event: realtime.Committed, now_ms: float) -> None:
        self.caller.committed(event, now_ms)
        if self._greeting.auto_answers:
            self._watch.committed(now_ms)
        self._greeting.spoken_into = True
        self.answers.wanted = self.answers.wanted or self._greeting.lifting

    def _answer_began(self, response_id: str) -> list[Action]:
        ours = self.answers.asked
        self.answers.created(response_id)
        self.agent.answer_began()
        self._cut_off = None
        self.caller.answer_began(response_id)
        self._watch.taken_up()
        self._greeting.began(response_id)
        if self.farewell:
            self.farewell.answer_began(response_id)
        if ours and self.caller.speaking and not self._greeting.protected:  # it would talk over the caller
            self.answers.interrupt()
            return [self._to_model(realtime.cancel_response(self._id("e"), response_id))]
        return []

    def _answer_done(self, event: realtime.ResponseDone, now_ms: float) -> list[Action]:
        self.answers.done(event.response_id, event.status, now_ms)
        self.caller.audio.watch(busy=self.answers.active is not None)
        self.agent.speech.answer_done(event.response_id, now_ms)
        notes: list[Action] = []
        if event.status == "failed":
            fields = {"reason": event.error_code, "response_id": event.response_id}
            notes.append(Note("answer.failed", "warning", fields))
            if self.farewell and self.farewell.goodbye == event.response_id:
                self.farewell.goodbye = None
        return notes + self.go_on(now_ms)

    def _refused(self, event: realtime.Error, now_ms: float) -> list[Action]:
        if event.code == "conversation_already_has_active_response":
            self.answers.refused()
        elif event.event_id and event.event_id == self.answers.asked_with and self.answers.asked:
            self.answers.failed(now_ms)
        level = "debug" if event.code in EXPECTED_REFUSALS else "warning"
        return [Note("model.error", level, {"code": event.code, "reason": event.message})]

    def play(self, delta: realtime.AudioDelta, now_ms: float) -> list[str]:
        """The messages that bring a delta to the loudspeaker."""
        self._watch.alive_ms = now_ms
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
            self._for_session.append(realtime.system_text(self._id("e"), told))
        return self.go_on(now_ms)

    # -- a lost session

    def watch_due_ms(self) -> float | None:
        """When the model, having said nothing for too long, is taken for frozen."""
        return self._watch.due_ms(answering=self.answers.active is not None)

    def lost(self, now_ms: float) -> list[Action]:
        """The session is gone. What it was saying ends with the audio that was sent; what the caller said is kept."""
        self._watch.taken_up()
        actions = self.caller.lost(self._watch.alive_ms)
        cut_off, self._cut_off = self.agent.lost(now_ms)
        self.answers.lost()
        return actions + cut_off

    def resume(self, now_ms: float) -> list[Action]:
        """A new session is there: it gets the conversation as it was heard, then the caller's audio, and goes on."""
        seeds = [self._to_model(text) for text in recovery.conversation(self.transcript, self._id)]
        if self._manner.after_greeting and not self._greeting.protected:
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
        actions += [self._to_model(self._for_session.pop(0)) for _ in list(self._for_session)]
        if self._greeting.protected and self._greeting.answer and self._is_over(self._greeting.answer):
            actions += self._end_protection()
        if self.farewell and self.farewell.goodbye is None and self.answers.active != self.farewell.asked_in:
            self._find_goodbye(self.farewell)
        if self.answers.may_ask(now_ms, callers_turn=self.caller.speaking or self._watch.expects_answer(now_ms)):
            actions += self.ask(now_ms)
        return actions

    def ask(self, now_ms: float) -> list[Action]:
        """Ask the model for an answer: the greeting, the rest of what a lost session was saying, or whatever is next.

        A cut under way is settled before it.
        """
        instructions = None if any(self.transcript.agent_lines()) else self._manner.greeting
        if self._cut_off is not None:
            instructions = recovery.go_on(self._manner.prompt, self._cut_off)
        settled = self.agent.settle(now_ms)
        event_id = self._id("e")
        self.answers.ask(event_id)
        return [*settled, self._to_model(realtime.create_response(event_id, instructions))]

    def farewell_heard(self) -> bool:
        """Whether the goodbye has been said and heard, so that the call may end."""
        goodbye = self.farewell.goodbye if self.farewell else None
        return goodbye is not None and self._is_over(goodbye)

    def _is_over(self, response_id: str) -> bool:
        return self.answers.active != response_id and self.agent.speech.heard_out(response_id)

    def _end_protection(self) -> list[Action]:
        self.answers.wanted = self._greeting.lift() or self.answers.wanted
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
