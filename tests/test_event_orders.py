"""Calls in any order of events that the two protocols allow: what must hold whatever happens."""

import json
from typing import Any

import pytest
from asserts import ANY, deletes, truncates, words
from hypothesis import given, settings
from hypothesis import strategies as st
from phone_call import NOT_INTERRUPTIBLE, PhoneCall

from twilio_openai.protocols.websocket_adapter import Side

WAITS = st.sampled_from([0, 5, 20, 60, 130, 300, 700, 1500])
STEPS = st.one_of(
    st.tuples(st.just("wait"), WAITS),
    st.tuples(st.just("audio"), st.sampled_from([1, 60, 100, 240, 900])),
    st.tuples(
        st.sampled_from(["text", "item", "end", "end_late", "speak", "stop", "keys", "tool", "transcribe"]), st.just(0)
    ),
)

SILENCE_MS = 200
"""Speech has not stopped before it was quiet for so long."""


class Play:
    """Carries out steps as a server would: one answer at a time, cut when the caller speaks, words ahead of audio."""

    def __init__(self, call: PhoneCall) -> None:
        self.call = call
        self.words: dict[str, list[str]] = {}
        self.late: list[tuple[str, str]] = []
        self.open_item: str | None = None
        self.answer: str | None = None
        self.cut = False
        self.speaker: str | None = None
        self.spoke_at = 0.0
        self.untranscribed: list[str] = []
        self.count = 0

    def do(self, step: str, value: int) -> None:
        getattr(self, step)(*([value] if step in ("wait", "audio") else []))

    def _next(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def wait(self, ms: int) -> None:
        self.call.wait(ms)

    def item(self) -> None:
        if self.answer is None:
            if self.speaker:
                return
            self.answer, self.cut = self._next("resp"), False
            self.call.answer_begins(self.answer)
        self._close_item("completed")
        self.open_item = self._next("item")
        self.words[self.open_item] = []
        self.call.item_begins(self.open_item)

    def text(self) -> None:
        if self.open_item is None:
            return self.item()
        word = f"w{len(self.words[self.open_item])}"
        self.words[self.open_item].append(word)
        return self.call.text(self.open_item, word + " ")

    def audio(self, ms: int) -> None:
        if self.open_item is None:
            self.item()
        if self.open_item:
            self.call.audio(self.open_item, ms)

    def _close_item(self, status: str) -> None:
        item, self.open_item = self.open_item, None
        if item is not None:
            self.call.item_ends(item, " ".join(self.words[item]), status)

    def end(self) -> None:
        if self.answer is not None:
            self._close_item("incomplete" if self.cut else "completed")
            self.call.answer_ends("cancelled" if self.cut else "completed")
            self.answer = None

    def end_late(self) -> None:
        """The answer is over, its last item's words come later."""
        if self.answer is not None and self.open_item is not None:
            item, self.open_item = self.open_item, None
            self.late.append((item, self.answer))
            self.end()

    def words_come(self) -> None:
        for item, answer in self.late:
            self.call.item_ends(item, " ".join(self.words[item]), "incomplete", answer=answer)
        self.late.clear()

    def speak(self) -> None:
        if self.speaker is None:
            self.speaker = self._next("user")
            self.cut = True
            self.spoke_at = self.call.now
            self.call.caller_speaks(self.speaker)

    def stop(self) -> None:
        if self.speaker is not None:
            self.call.wait(max(0.0, self.spoke_at + SILENCE_MS - self.call.now))
            self.end()
            user, self.speaker = self.speaker, None
            self.untranscribed.append(user)
            self.call.caller_stops(user)

    def transcribe(self) -> None:
        if self.untranscribed:
            user = self.untranscribed.pop()
            self.call.transcribed(user, f"words of {user}")

    def keys(self) -> None:
        self.call.presses("1")

    def tool(self) -> None:
        if self.answer is not None and not self.cut:
            call_id = self._next("call")
            self.call.model_calls(call_id, "check_availability")
            self.call.tool_answers(call_id)
            self.call.output_arrives(call_id)


def check(call: PhoneCall, play: Play) -> None:
    """What must hold at the end of any call."""
    sent = call.new()
    cuts = truncates(sent)
    assert call.ended_by() == "caller"
    assert len([m for m in sent if m["type"] == "conversation.item.truncate"]) == len(cuts), "told twice"
    assert not set(cuts) & set(deletes(sent)), "cut and dropped"

    turns = {turn.item_id: turn for turn in call.transcript() if turn.role == "agent"}
    generated = {item for item, said in play.words.items() if said or call.generated.get(item, 0)}
    assert set(turns) == generated, "an item of which nothing was generated is no turn"
    published = [turn.item_id for turn in call.published()]
    assert len(published) == len(set(published)), "a turn was published twice"
    for item_id, turn in turns.items():
        assert words(turn) == play.words[item_id]
        assert 0 <= turn.heard_ms <= turn.generated_ms == call.generated.get(item_id, 0)
        assert abs(turn.heard_ms - call.truly_played(item_id)) <= 60
        if item_id in cuts:
            assert cuts[item_id] == turn.heard_ms
            assert turn.interrupted
        if item_id in deletes(sent):
            assert turn.heard_ms == 0
        if not turn.interrupted:
            assert turn.unheard == ""
    assert [turn.item_id for turn in call.transcript() if turn.text.startswith("words of")] == [
        turn.item_id for turn in call.transcript() if turn.role == "caller" and turn.item_id.startswith("user")
    ]


@settings(ANY, max_examples=150)
@given(st.lists(STEPS, max_size=40), st.sampled_from([0.0, 20.0, 100.0, 150.0]), st.sampled_from([0.0, 80.0]))
def test_whatever_happens_in_a_call(steps: list[tuple[str, int]], way_ms: float, late_ms: float) -> None:
    call = PhoneCall(way_ms=way_ms, late_ms=late_ms)
    play = Play(call)
    for step, value in steps:
        play.do(step, value)
    play.stop()
    play.end()
    play.wait(400)
    play.words_come()
    while play.untranscribed:
        play.transcribe()
    call.wait(2 * way_ms)
    call.hangs_up()
    check(call, play)


@settings(ANY, max_examples=60)
@given(st.lists(STEPS, max_size=25))
def test_at_most_one_answer_is_asked_for_at_a_time(steps: list[tuple[str, int]]) -> None:
    call = PhoneCall()
    play = Play(call)
    asked = False
    for step, value in steps:
        play.do(step, value)
        creates = sum(message["type"] == "response.create" for message in call.new())
        assert creates <= 1
        assert not (creates and asked)
        asked = (asked or bool(creates)) and step != "item"
        if asked and play.answer is None and not play.speaker:
            play.item()
            asked = False


@settings(ANY, max_examples=60)
@given(st.lists(STEPS, max_size=25))
def test_nothing_is_cut_while_a_protected_greeting_plays(steps: list[tuple[str, int]]) -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    call.model_opens()
    call.answer_begins("resp_0")
    call.item_begins("item_0")
    call.audio("item_0", 10_000)
    for step, value in steps:
        if step in ("wait", "speak", "stop", "transcribe"):
            Play(call).do(step, min(value, 300))
    assert call.speaker.cleared == 0
    assert truncates(call.new()) == {}


# -- garbage

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
FROM_MODEL: list[dict[str, Any]] = [
    {"type": "session.updated", "session": {"expires_at": 1}},
    {"type": "input_audio_buffer.speech_started", "item_id": "u", "audio_start_ms": 5},
    {"type": "input_audio_buffer.speech_stopped", "item_id": "u", "audio_end_ms": 50},
    {"type": "input_audio_buffer.committed", "item_id": "u", "previous_item_id": "p"},
    {"type": "conversation.item.added", "previous_item_id": "p", "item": {"id": "u", "type": "message"}},
    {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u", "transcript": "words"},
    {"type": "conversation.item.input_audio_transcription.failed", "item_id": "u", "error": {"message": "no"}},
    {"type": "response.created", "response": {"id": "r"}},
    {"type": "response.output_item.added", "response_id": "r", "item": {"id": "i", "type": "message"}},
    {"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": "fn5+fn5+"},
    {"type": "response.output_audio_transcript.delta", "response_id": "r", "item_id": "i", "delta": "words "},
    {"type": "response.output_audio_transcript.done", "response_id": "r", "item_id": "i", "transcript": "words"},
    {"type": "response.output_item.done", "response_id": "r", "item": {"id": "i", "type": "message", "content": []}},
    {"type": "response.done", "response": {"id": "r", "status": "completed", "usage": None}},
    {"type": "error", "error": {"code": "invalid_value", "message": "no", "event_id": None}},
]
FROM_PHONE: list[dict[str, Any]] = [
    {"event": "connected", "protocol": "Call"},
    {"event": "media", "media": {"payload": "fn5+"}},
    {"event": "mark", "mark": {"name": "g0-1"}},
    {"event": "dtmf", "dtmf": {"digit": "1"}},
    {"event": "start", "start": {"streamSid": "MZ", "callSid": "CA"}},
]


@st.composite
def garbled(draw: st.DrawFn, templates: list[dict[str, Any]]) -> str:
    """A message of which something is missing, or something else."""
    message: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(templates))))
    inner = [value for value in message.values() if isinstance(value, dict)]
    place = draw(st.sampled_from([message, *inner]))
    key = draw(st.sampled_from(sorted(place)))
    place[key] = draw(VALUES)
    if draw(st.booleans()):
        del place[key]
    text = json.dumps(message)
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 5)) == 0 else text


@settings(ANY, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(list(Side)), garbled(FROM_MODEL), garbled(FROM_PHONE)), max_size=10))
def test_garbage_is_survived(messages: list[tuple[Side, str, str]]) -> None:
    call = PhoneCall(frames=False)
    call.model_says("item_1", "one two", ms=1500)
    for side, from_model, from_phone in messages:
        if side is Side.SOURCE:
            if call.adapter.from_source(from_phone, call.now) is None:
                call.phone_sends(from_phone)
        elif call.adapter.from_target(from_model, call.now) is None:
            call.act(call.adapter.message(Side.TARGET, from_model, call.now))
    call.wait(100)
    assert call.ended_by() is None
    call.hangs_up()
    call.wait(3000)
    assert [close.side for close in call.closes()] == [Side.TARGET, Side.SOURCE]
    assert {turn.item_id for turn in call.transcript()} >= {"item_1"}


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("text", ["", "x", "[]", "null", b"\x00\xff", "{" * 100_000, '{"type":7,"event":7}'])
def test_nonsense_is_counted_and_noted_once(side: Side, text: str | bytes) -> None:
    call = PhoneCall()
    for _ in range(3):
        call.act(call.adapter.message(side, text, call.now))
    assert call.adapter.stream_record()["malformed"] == 3
    assert len(call.notes("message.malformed")) == 1
    assert call.ended_by() is None
