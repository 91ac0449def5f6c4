"""The agent's items from their first delta to what was heard of them, without a conversation around them."""

from base64 import b64encode

import pytest

from twilio_openai.adapters.agent_speech import LATE_TEXT_MS, AgentSpeech, Cut, Item
from twilio_openai.audio import BYTES_PER_MS
from twilio_openai.ledger import PlaybackLedger
from twilio_openai.protocols.openai_realtime import AudioDelta
from twilio_openai.transcript import Transcript


def delta(ms: int, item_id: str = "item", response_id: str = "resp") -> AudioDelta:
    return AudioDelta(response_id, item_id, b64encode(b"\x55" * ms * BYTES_PER_MS).decode())


class Speech:
    """An `AgentSpeech`, and the marks that are on the phone's side."""

    def __init__(self) -> None:
        self.ledger, self.transcript = PlaybackLedger(), Transcript()
        self.agent = AgentSpeech(self.ledger, self.transcript, 0)
        self.marks: list[str] = []
        self.ledger.echoed(self.ledger.probe(0), 0)

    def say(self, ms: int, now: float = 1000, item_id: str = "item") -> list[str]:
        pieces = self.agent.send(delta(ms, item_id), now)
        self.marks += [mark for _, mark in pieces]
        return [payload for payload, _ in pieces]

    def play(self, now: float) -> None:
        for mark in self.marks:
            self.ledger.echoed(mark, now)

    def ready(self, now: float = 5000) -> list[Item]:
        return self.agent.take_ready(now)


def test_the_first_60_ms_on_a_dry_buffer_go_ahead_with_a_mark_of_their_own() -> None:
    speech = Speech()
    first, rest = speech.say(200)
    assert len(first) == 640
    assert first + rest == delta(200).payload
    assert speech.say(200) == [delta(200).payload]


@pytest.mark.parametrize("ms", [1, 59, 60])
def test_a_short_delta_stays_whole(ms: int) -> None:
    assert Speech().say(ms) == [delta(ms).payload]


def test_an_item_is_ready_when_it_was_generated_and_heard_and_its_text_is_final() -> None:
    speech = Speech()
    speech.agent.add("item", "resp", cut=False)
    speech.agent.text("item", "Good ")
    speech.agent.text("item", "day.")
    speech.say(400)
    assert speech.ready() == []
    speech.agent.item_done("item", "Good day.", completed=True)
    assert speech.ready() == []
    speech.play(1400)
    [item] = speech.ready()
    assert (item.line.text, item.line.heard_ms, item.line.interrupted) == ("Good day.", 400, False)
    assert item.line.started_ms == 1000
    assert speech.ready() == []
    assert speech.agent.find("item") is None


def test_the_final_text_is_the_text() -> None:
    speech = Speech()
    speech.agent.add("item", "resp", cut=False)
    speech.agent.text("item", "Good da")
    speech.agent.text_done("item", "")
    speech.agent.text_done("item", "Good day.")
    speech.agent.text("item", " again")
    speech.agent.text_done("item", "Other.")
    assert speech.transcript.agent("item").text == "Good day."


def test_words_of_items_that_nobody_knows_are_ignored() -> None:
    speech = Speech()
    speech.agent.text("nobody", "x")
    speech.agent.text_done("nobody", "x")
    speech.agent.item_done("nobody", "x", completed=True)
    assert speech.transcript.turns() == []


def test_text_that_never_comes_is_waited_for_so_long() -> None:
    speech = Speech()
    speech.say(100)
    speech.play(1100)
    speech.agent.answer_done("resp", 2000)
    assert speech.agent.due_ms() == 2000 + LATE_TEXT_MS
    assert speech.ready(2000 + LATE_TEXT_MS - 1) == []
    [item] = speech.ready(2000 + LATE_TEXT_MS)
    assert item.line.final


def test_a_cut_item_is_told_once_and_what_comes_later_is_dropped() -> None:
    speech = Speech()
    speech.say(1000)
    speech.agent.interrupt()
    speech.ledger.clear(1400)
    [cut] = speech.agent.settle(speech.ledger.settle())
    assert (cut.item_id, cut.generated_ms) == ("item", 1000)
    assert cut.heard_ms == pytest.approx(400, abs=40)
    speech.agent.drop(delta(500))
    assert speech.agent.untold() == []
    speech.agent.item_done("item", "One two.", completed=False)
    [item] = speech.ready()
    assert item.generated_ms == 1500
    assert item.line.interrupted
    assert len(item.decoded()) == 1500 * BYTES_PER_MS


def test_an_item_of_which_more_was_generated_than_sent_is_told_at_its_end() -> None:
    speech = Speech()
    speech.say(300)
    speech.play(1300)
    speech.agent.interrupt()
    speech.agent.drop(delta(500))
    assert speech.agent.untold() == []  # more may come
    speech.agent.answer_done("resp", 1400)
    assert speech.agent.untold() == [Cut("item", 300, 800)]
    assert speech.agent.untold() == []


def test_of_an_item_that_was_cut_before_it_began_nothing_was_heard() -> None:
    speech = Speech()
    speech.agent.add("item", "resp", cut=True)
    speech.agent.drop(delta(500))
    speech.agent.answer_done("resp", 1400)
    assert speech.agent.untold() == [Cut("item", 0, 500)]


def test_an_answer_is_heard_out_when_all_its_items_are() -> None:
    speech = Speech()
    assert speech.agent.heard_out("resp")
    speech.say(400)
    speech.agent.item_done("item", "Bye.", completed=True)
    assert not speech.agent.heard_out("resp")
    assert speech.agent.heard_out("another")
    speech.play(1400)
    assert speech.agent.heard_out("resp")
    assert speech.agent.spoken == {"resp"}


def test_the_end_of_the_call_cuts_what_is_left() -> None:
    speech = Speech()
    speech.say(1000, item_id="one")
    speech.say(1000, item_id="two")
    speech.agent.add("three", "resp", cut=False)
    speech.agent.stop(speech.ledger.stop(1500))
    one, two, three = speech.ready(1500)
    assert one.line.heard_ms == pytest.approx(500, abs=40)
    assert (two.line.heard_ms, three.line.heard_ms) == (0, 0)
    assert all(item.line.interrupted for item in (one, two, three))


def test_base64_that_is_none_is_silence_of_its_length() -> None:
    speech = Speech()
    speech.agent.add("item", "resp", cut=True)
    speech.agent.drop(AudioDelta("resp", "item", "A" * 13))
    item = speech.agent.find("item")
    assert item is not None
    assert item.decoded() == b"\xff" * 8
