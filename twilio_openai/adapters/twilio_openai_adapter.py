"""One call between Twilio (the source) and the model (the target), as the bridge sees it.

`from_source` and `from_target` are the two hot messages; every other one is parsed and goes to the conversation. What
stands here beside them is the call's life: opening, ending, closing. Pure: events and their arrival time (`now_ms`,
one monotonic clock) in, actions out.
"""

from collections.abc import Sequence
from typing import Any

from ..protocols import openai_realtime as realtime
from ..protocols import twilio_media as twilio
from ..protocols.message import MalformedMessage
from ..protocols.websocket_adapter import Action, Actions, Close, Drop, Send, SendAudio, Side
from ..transcript import WordCount
from .actions import Ended, Note, Publish, Redial, Transfer
from .answers import MAX_FAILURES
from .conversation import Conversation
from .farewell import LIMIT_MS, Farewell
from .manner import Manner

LAST_WORDS_MS = 2600.0
"""How long a call that is over waits for words of the caller that are being transcribed (the contract allows 3 s)."""

REFUSING_CLOSE_CODES = frozenset({3000, 4000, 4004})
"""With these the API says no for good: the key, the model."""

MAX_LOSSES = 5
LOSSES_WITHIN_MS = 30_000.0
"""A session lost more often than that is not worth another attempt: the caller hears an apology."""

SIDES = {Side.SOURCE: "caller", Side.TARGET: "model"}

NO_MORE_CREDIT = frozenset({"insufficient_quota", "account_deactivated", "billing_hard_limit_reached"})


class TwilioOpenAIAdapter:
    """The adapter of one media stream. `began_ms` is the call's beginning."""

    def __init__(self, stream_sid: str, manner: Manner, began_ms: float) -> None:
        self.conversation = Conversation(stream_sid, manner, began_ms)
        self.ended_by: str | None = None
        self._transferring = False
        self.malformed = 0
        self._ends_ms = began_ms + manner.max_call_ms
        self._close_due_ms: float | None = None
        self._model_is_open = False
        self._opened = False
        self._losses_ms: list[float] = []

    # -- the contract with the bridge

    def from_source(self, text: str, now_ms: float) -> str | None:
        """The caller's frame: its base64 goes into an append message as it is."""
        payload = twilio.media_payload(text)
        return None if payload is None else self.conversation.caller.audio.frame(payload, now_ms)

    def from_target(self, text: str, now_ms: float) -> Sequence[str] | None:
        """The model's audio: its base64 goes into a media message, a mark behind it. At a cut it takes the long way."""
        delta = realtime.audio_delta(text)
        talk = self.conversation
        if delta is None or self.ended_by or delta.response_id in talk.answers.cut or talk.agent.ledger.clearing:
            return None
        return talk.play(delta, now_ms)

    def open(self, side: Side, now_ms: float) -> Actions:
        """Twilio's stream is there: measure its round trip. The model's session is there: hand over what was said, and
        greet.
        """
        talk = self.conversation
        opened = Note("websocket.opened", fields={"side": SIDES[side]})
        if side is Side.SOURCE:
            return [opened, talk.agent.probe(now_ms)]
        first = not self._opened
        self._model_is_open = self._opened = True
        return [opened, *(self._greet(now_ms) if first else talk.resume(now_ms))]

    def message(self, side: Side, text: str | bytes, now_ms: float) -> Actions | None:
        """Any message but the hot ones. Nothing follows from the model's words, or from what we do not know."""
        try:
            return self._from_twilio(text, now_ms) if side is Side.SOURCE else self._from_model(text, now_ms)
        except MalformedMessage as error:
            self.malformed += 1
            first = self.malformed == 1
            return [Note("message.malformed", "warning", {"side": SIDES[side], "reason": str(error)})] if first else []

    def close(self, side: Side, code: int, reason: str, now_ms: float) -> Actions:
        """A socket is closed. Without Twilio's the call is over; without the model's too, unless we closed it."""
        closed = Note("websocket.closed", fields={"side": SIDES[side], "code": code, "reason": reason})
        if side is Side.SOURCE:
            return [closed, *self.end("caller", now_ms)]
        self._model_is_open = False
        if self.ended_by:
            return [closed, *self._close_now(now_ms)]
        if code in REFUSING_CLOSE_CODES:
            return [closed, *self.end("model_away", now_ms)]
        return [closed, *self._redial(f"closed with {code} {reason}".rstrip(), now_ms)]

    def error(self, side: Side, error: Exception, now_ms: float) -> Actions:
        """Something of ours failed: the call cannot go on, and the caller is told so when Twilio asks what is next."""
        note = Note("call.failed", "error", {"side": SIDES[side], "reason": repr(error)})
        return [note, *self.end("error", now_ms), *self._close_now(now_ms)]

    def tick(self, now_ms: float) -> Actions:
        """Whatever is due."""
        if self.ended_by:
            due = self._close_due_ms is not None and now_ms >= self._close_due_ms
            return self._close_now(now_ms) if due else []
        if now_ms >= self._ends_ms:
            return self.end("time_limit", now_ms)
        talk = self.conversation
        watch_due = talk.watch_due_ms()
        if watch_due is not None and now_ms >= watch_due:
            return [Drop(Side.TARGET, "frozen"), *self._redial("frozen", now_ms)]
        actions: list[Action] = [SendAudio(text) for text in talk.caller.audio.tick(now_ms)]
        settle_due = talk.agent.ledger.settle_due_ms
        if settle_due is not None and now_ms >= settle_due:
            actions += talk.agent.settle(now_ms)
        actions += talk.pass_digits(now_ms)
        return self._after(actions + talk.go_on(now_ms), now_ms)

    def due_ms(self, now_ms: float) -> float | None:
        """The next deadline of any part."""
        if self.ended_by:
            return self._close_due_ms
        talk = self.conversation
        dues = (
            self._ends_ms,
            talk.caller.audio.due_ms(now_ms),
            talk.agent.ledger.settle_due_ms,
            talk.agent.speech.due_ms(),
            talk.answers.due_ms(now_ms),
            talk.keypad.due_ms(),
            talk.watch_due_ms(),
            talk.farewell.due_ms if talk.farewell else None,
        )
        return min(due for due in dues if due is not None)

    # -- from outside of the two sockets

    def tool_done(self, call_id: str, output: str, now_ms: float) -> Actions:
        """A tool has answered: its output goes to the model."""
        return [] if self.ended_by else self.conversation.tool_done(call_id, output, now_ms)

    def end_asked(self, call_id: str, output: str, reason: str, number: str | None, now_ms: float) -> Actions:
        """A tool asked to end the call, or to put the caller through to `number`, once the goodbye was heard."""
        talk = self.conversation
        asked_in = talk.answers.calls.get(call_id)
        cancelled = talk.caller.speaking or asked_in in talk.answers.cut
        if asked_in is not None and not self.ended_by and not cancelled:
            due_ms = talk.farewell.due_ms if talk.farewell else now_ms + LIMIT_MS
            talk.farewell = Farewell(reason, number, asked_in, due_ms)
        return self._after(self.tool_done(call_id, output, now_ms), now_ms)

    def transfer_failed(self, reason: str, now_ms: float) -> Actions:
        """Twilio did not put the caller through: the model hears of it and goes on."""
        if self.ended_by:
            return []
        self._transferring = False
        talk = self.conversation
        talk.answers.wanted = True
        note = f"The transfer failed ({reason}). Tell the caller, and help them yourself."
        return [Send(Side.TARGET, realtime.system_text("transfer_failed", note)), *talk.go_on(now_ms)]

    def words_counted(self, item_id: str, count: WordCount) -> Actions:
        """How many words of a cut item were heard."""
        return self.conversation.words_counted(item_id, count)

    # -- the end

    def end(self, ended_by: str, now_ms: float) -> Actions:
        """The call is over: settle what was heard, and close once the caller's last words are known. Once only."""
        if self.ended_by:
            return []
        if self._transferring and ended_by == "caller":
            ended_by = "transferred"
        self.ended_by = ended_by
        talk = self.conversation
        actions: list[Action] = [Ended(ended_by), *talk.pass_digits(now_ms, ended=True)]
        actions += talk.agent.stop(now_ms)
        if talk.caller.speaking and self._model_is_open:
            actions.append(Send(Side.TARGET, realtime.commit_audio()))
        if self._model_is_open and (talk.caller.speaking or talk.transcript.waiting_for_caller()):
            self._close_due_ms = now_ms + LAST_WORDS_MS
            return actions if ended_by == "caller" else [*actions, Close(Side.SOURCE, 1000, ended_by)]
        return [*actions, *self._close_now(now_ms)]

    def _close_now(self, now_ms: float) -> list[Action]:
        """Close both sockets, the model's first. Words that have not come by now are lost."""
        self._close_due_ms = None
        lost = [Publish(line.turn()) for line in self.conversation.transcript.give_up()]
        code = 1011 if self.ended_by in ("model_away", "error") else 1000
        return [*lost, Close(Side.TARGET, 1000, "the call is over"), Close(Side.SOURCE, code, self.ended_by or "")]

    # -- the model's session

    def _greet(self, now_ms: float) -> list[Action]:
        kept = [Send(Side.TARGET, text) for text in self.conversation.caller.audio.open(now_ms)]
        return [*kept, *self.conversation.ask(now_ms)]

    def _redial(self, reason: str, now_ms: float) -> list[Action]:
        """The session is lost: keep what must be kept and open another, unless they are lost one after the other."""
        self._model_is_open = False
        self._losses_ms = [at for at in self._losses_ms if now_ms - at < LOSSES_WITHIN_MS] + [now_ms]
        lost = [Note("model.lost", "warning", {"reason": reason}), *self.conversation.lost(now_ms)]
        if len(self._losses_ms) > MAX_LOSSES:
            return [*lost, *self.end("model_away", now_ms)]
        return [*lost, Redial(reason)]

    # -- messages

    def _from_twilio(self, text: str | bytes, now_ms: float) -> Actions:
        event = twilio.parse(text)
        match event:
            case twilio.Media(payload):
                appended = self.conversation.caller.audio.frame(payload, now_ms)
                return [SendAudio(appended)] if appended and not self.ended_by else []
            case twilio.Stop():
                return self.end("caller", now_ms)
        return [] if self.ended_by else self._after(self.conversation.from_twilio(event, now_ms), now_ms)

    def _from_model(self, text: str | bytes, now_ms: float) -> Actions | None:
        event = realtime.parse(text)
        if isinstance(event, realtime.TextDelta | realtime.Unknown):
            self.conversation.from_model(event, now_ms)
            return None
        if self.ended_by:
            return self._last_words(event, now_ms)
        reason = getattr(event, "error_code", "") or (event.code if isinstance(event, realtime.Error) else "")
        if reason in NO_MORE_CREDIT:
            return [Note("model.refused", "error", {"reason": reason}), *self.end("model_away", now_ms)]
        return self._after(self.conversation.from_model(event, now_ms), now_ms)

    def _last_words(self, event: realtime.Event, now_ms: float) -> Actions:
        """After the end only the caller's words still count."""
        if not isinstance(event, realtime.Committed | realtime.Transcribed | realtime.TranscriptionFailed):
            return []
        actions = [a for a in self.conversation.from_model(event, now_ms) if not isinstance(a, Send)]
        self.conversation.caller.speaking = self.conversation.caller.speaking and not isinstance(
            event, realtime.Committed
        )
        waiting = self.conversation.caller.speaking or self.conversation.transcript.waiting_for_caller()
        return actions if waiting or self._close_due_ms is None else [*actions, *self._close_now(now_ms)]

    def _after(self, actions: list[Action] | Actions, now_ms: float) -> Actions:
        """What any event may bring about: the farewell was heard or is overdue, the model failed too often."""
        talk = self.conversation
        if talk.answers.failures >= MAX_FAILURES:
            return [*actions, *self.end("model_away", now_ms)]
        farewell = talk.farewell
        if farewell is None or not (talk.farewell_heard() or now_ms >= farewell.due_ms):
            return actions
        talk.farewell = None
        if farewell.number:
            self._transferring = True
            return [*actions, Transfer(farewell.number, farewell.reason)]
        return [*actions, *self.end("agent", now_ms)]

    # -- the record

    def stream_record(self) -> dict[str, Any]:
        """The stream in figures, for the call's record."""
        caller, ledger = self.conversation.caller.audio, self.conversation.agent.ledger
        return {
            "frames_in": caller.frames,
            "bytes_in": caller.bytes,
            "frames_out": self.conversation.agent.frames,
            "bytes_out": int(ledger.tape_ms * 8),
            "gaps": caller.gaps,
            "longest_silence_ms": int(caller.longest_gap_ms),
            "mark_round_trip_ms": None if ledger.trip_ms is None else int(ledger.trip_ms),
            "malformed": self.malformed,
            "dropped": caller.dropped,
        }
