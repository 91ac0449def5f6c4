"""The ledger's rules, with literal times. A trip is there and back; the loudspeaker starts on arrival."""

from itertools import pairwise

import pytest

from twilio_openai.audio import BYTES_PER_MS
from twilio_openai.ledger import FIRST_MARK_BYTES, SETTLE_MS, PlaybackLedger
from twilio_openai.playback import Heard

TRIP = 80.0


def ledger_with_trip(trip: float = TRIP) -> PlaybackLedger:
    ledger = PlaybackLedger()
    ledger.echoed(ledger.probe(0), trip)
    return ledger


def send(ledger: PlaybackLedger, item: str, now: float, *lengths_ms: int) -> list[str]:
    return [ledger.sent(item, length * BYTES_PER_MS, now) for length in lengths_ms]


def test_nothing_was_heard_of_an_item_that_nobody_sent() -> None:
    ledger = PlaybackLedger()
    assert ledger.heard("nobody", 0) == Heard("nobody", 0, 0)
    assert not ledger.playing("nobody")
    assert not ledger.unplayed
    assert ledger.trip_ms is None


def test_an_echo_says_that_all_before_it_has_played() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 140, 200)
    ledger.echoed(marks[1], 1000 + TRIP + 200)
    assert ledger.heard("item", 1000 + TRIP + 200).heard_ms == 200
    assert ledger.unplayed
    ledger.echoed(marks[2], 1000 + TRIP + 400)
    assert ledger.heard("item", 9999) == Heard("item", 400, 400)
    assert not ledger.unplayed
    assert not ledger.playing("item")


def test_between_echoes_playback_advances_in_real_time_and_never_beyond_what_was_sent() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 940)
    ledger.echoed(marks[0], 1000 + TRIP + 60)
    assert ledger.heard("item", 1000 + TRIP + 60 + 300).heard_ms == pytest.approx(360)
    assert ledger.heard("item", 99_999).heard_ms == 1000


def test_the_first_echo_tells_how_late_the_loudspeaker_started() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 940)
    ledger.echoed(marks[0], 1000 + TRIP + 120 + 60)
    assert ledger.heard("item", 1000 + TRIP + 120 + 500).heard_ms == pytest.approx(500)


def test_echoes_jitter_so_more_than_one_counts() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, *[100] * 20)
    for index, mark in enumerate(marks[:10]):
        late = 30 if index % 2 else 0
        ledger.echoed(mark, 1000 + TRIP + 100 * (index + 1) + late)
    assert ledger.heard("item", 1000 + TRIP + 1400).heard_ms == pytest.approx(1400 - 15, abs=2)


def test_playback_does_not_advance_while_the_buffer_is_empty() -> None:
    ledger = ledger_with_trip()
    [first] = send(ledger, "item", 1000, 200)
    ledger.echoed(first, 1000 + TRIP + 200)
    [second] = send(ledger, "item", 3000, 500)
    assert ledger.heard("item", 3000 + TRIP - 1).heard_ms == 200
    ledger.echoed(second, 3000 + TRIP + 500)
    assert ledger.heard("item", 3000 + TRIP + 500).heard_ms == 700


def test_the_buffer_is_dry_at_first_and_again_when_all_has_played() -> None:
    ledger = ledger_with_trip()
    assert ledger.is_dry(0)
    send(ledger, "item", 1000, 500)
    assert not ledger.is_dry(1000)
    assert not ledger.is_dry(1300)
    assert ledger.is_dry(1600)


def test_each_item_has_its_own_account() -> None:
    ledger = ledger_with_trip()
    send(ledger, "one", 1000, 60, 440)
    send(ledger, "two", 1000, 500)
    marks = send(ledger, "one", 1000, 300)
    ledger.echoed(marks[0], 1000 + TRIP + 1300)
    assert (ledger.sent_ms("one"), ledger.sent_ms("two")) == (800, 500)
    assert ledger.heard("two", 9999).whole
    assert ledger.tape_ms == 1300


def test_marks_are_unique_short_and_carry_the_generation() -> None:
    ledger = ledger_with_trip()
    marks = [*send(ledger, "item", 1000, *([20] * 50)), ledger.clear(1100)]
    ledger.settle()
    marks += send(ledger, "next", 1200, 20)
    assert len(set(marks)) == len(marks)
    assert all(len(mark.encode()) < 64 for mark in marks)
    assert marks[0].split("-")[0] != marks[-1].split("-")[0]


def test_an_unknown_echo_changes_nothing() -> None:
    ledger = ledger_with_trip()
    send(ledger, "item", 1000, 500)
    before = ledger.heard("item", 1200)
    assert not ledger.echoed("g9-99", 1200)
    assert ledger.heard("item", 1200) == before


def test_an_echo_that_comes_twice_counts_once() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 400)
    ledger.echoed(marks[0], 1000 + TRIP + 60)
    ledger.echoed(marks[0], 5000)
    assert ledger.heard("item", 1000 + TRIP + 100).heard_ms == pytest.approx(100)


def test_settling_without_a_cut_is_nothing() -> None:
    ledger = ledger_with_trip()
    assert ledger.settle() == []
    assert ledger.settle_due_ms is None
    assert not ledger.clearing


@pytest.mark.parametrize("trip", [0.0, 20.0, 80.0, 300.0])
@pytest.mark.parametrize("played", [30, 61, 400, 999])
def test_the_burst_tells_where_the_playhead_was(trip: float, played: int) -> None:
    ledger = ledger_with_trip(trip)
    marks = send(ledger, "item", 1000, 60, 440, 500)
    start = 1000 + trip  # as echoes tell it
    cleared_at = 1000 + played  # takes effect half a trip later, when so much has played
    for mark, end in zip(marks, (60, 500, 1000), strict=True):
        if end <= played and start + end < cleared_at:
            ledger.echoed(mark, start + end)
    behind = ledger.clear(cleared_at)
    for mark, end in zip(marks, (60, 500, 1000), strict=True):
        if end <= played and start + end >= cleared_at:
            ledger.echoed(mark, start + end)
    for mark, end in zip(marks, (60, 500, 1000), strict=True):
        if end > played:
            ledger.echoed(mark, cleared_at + trip)
    assert ledger.echoed(behind, cleared_at + trip)
    [heard] = ledger.settle()
    assert heard.heard_ms == pytest.approx(played, abs=31)
    assert heard.sent_ms == 1000


def test_a_burst_is_not_taken_for_hearing() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 4940)
    ledger.echoed(marks[0], 1000 + TRIP + 60)
    behind = ledger.clear(2000)
    ledger.echoed(marks[1], 2000 + TRIP)
    ledger.echoed(behind, 2000 + TRIP)
    [heard] = ledger.settle()
    assert heard.heard_ms == pytest.approx(1000)
    assert not heard.whole


def test_a_burst_in_the_other_order_tells_the_same() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 440, 500, 500)
    ledger.echoed(marks[0], 1000 + TRIP + 60)
    behind = ledger.clear(1800)
    for mark in [behind, *reversed(marks[1:])]:
        ledger.echoed(mark, 1800 + TRIP)
    [heard] = ledger.settle()
    assert heard.heard_ms == pytest.approx(800, abs=5)


def test_an_echo_under_way_when_clear_was_sent_did_play() -> None:
    ledger = ledger_with_trip(200)
    marks = send(ledger, "item", 1000, 60, 440, 500)
    ledger.echoed(marks[0], 1000 + 200 + 60)
    behind = ledger.clear(1610)  # takes effect at 1710, when 610 have played
    ledger.echoed(marks[1], 1000 + 200 + 500)
    ledger.echoed(marks[2], 1810)
    ledger.echoed(behind, 1810)
    [heard] = ledger.settle()
    assert heard.heard_ms == pytest.approx(610, abs=5)


def test_without_a_burst_the_cut_is_an_estimate() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 1940)
    ledger.echoed(marks[0], 1000 + TRIP + 60)
    ledger.clear(2000)
    assert ledger.clearing
    assert ledger.settle_due_ms == 2000 + SETTLE_MS
    [heard] = ledger.settle()
    assert heard.heard_ms == pytest.approx(1000)


def test_a_late_burst_changes_neither_the_settled_cut_nor_what_came_after() -> None:
    ledger = ledger_with_trip()
    old = send(ledger, "old", 1000, 60, 1940)
    behind = ledger.clear(2000)
    ledger.settle()
    new = send(ledger, "new", 2400, 60, 940)
    for mark in [*old, behind]:
        assert not ledger.echoed(mark, 2500)
    ledger.echoed(new[0], 2400 + TRIP + 60)
    assert ledger.heard("new", 2400 + TRIP + 200).heard_ms == pytest.approx(200)


def test_after_a_cut_the_clock_is_anchored_anew() -> None:
    ledger = ledger_with_trip()
    send(ledger, "old", 1000, 60, 4940)
    behind = ledger.clear(2000)
    ledger.echoed(behind, 2000 + TRIP)
    ledger.settle()
    assert ledger.is_dry(2100)
    marks = send(ledger, "new", 2500, 60, 940)
    ledger.echoed(marks[0], 2500 + TRIP + 60)
    assert ledger.heard("new", 2500 + TRIP + 300).heard_ms == pytest.approx(300)


def test_a_cut_names_each_item_that_had_audio_waiting_in_the_order_sent() -> None:
    ledger = ledger_with_trip()
    [first] = send(ledger, "heard", 1000, 500)
    send(ledger, "cut", 1000, 500)
    send(ledger, "queued", 1000, 500)
    ledger.echoed(first, 1000 + TRIP + 500)
    behind = ledger.clear(1700)
    ledger.echoed(behind, 1700 + TRIP)
    cut, queued = ledger.settle()
    assert (cut.item_id, queued.item_id) == ("cut", "queued")
    assert cut.heard_ms == pytest.approx(200, abs=5)
    assert queued.heard_ms == 0


def test_at_the_end_what_was_heard_is_what_was_played_by_then() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 1940)
    ledger.echoed(marks[0], 1000 + TRIP + 60)
    [heard] = ledger.stop(1000 + TRIP + 700)
    assert heard.heard_ms == pytest.approx(700)
    assert ledger.stop(9999) == []


def test_the_end_settles_a_cut_that_is_under_way() -> None:
    ledger = ledger_with_trip()
    send(ledger, "item", 1000, 60, 1940)
    ledger.clear(1500)
    [heard] = ledger.stop(1510)
    assert heard.heard_ms == pytest.approx(500, abs=35)
    assert not ledger.clearing


def test_a_cut_before_any_echo_rests_on_the_measured_trip() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, 60, 940)
    behind = ledger.clear(1030)
    for mark in [*marks, behind]:
        ledger.echoed(mark, 1030 + TRIP)
    [heard] = ledger.settle()
    assert heard.heard_ms == pytest.approx(30, abs=31)


def test_an_item_is_forgotten_when_it_is_settled() -> None:
    ledger = ledger_with_trip()
    [mark] = send(ledger, "item", 1000, 100)
    ledger.echoed(mark, 1000 + TRIP + 100)
    ledger.forget("item")
    ledger.forget("item")
    assert ledger.sent_ms("item") == 0


def test_many_short_deltas_at_once_are_one_run() -> None:
    ledger = ledger_with_trip()
    marks = send(ledger, "item", 1000, *[20] * 100)
    assert ledger.is_dry(1000) is False
    ledger.echoed(marks[3], 1000 + TRIP + 80)
    positions = [ledger.heard("item", 1000 + TRIP + now).heard_ms for now in range(80, 2000, 60)]
    assert all(later - earlier == pytest.approx(60) for earlier, later in pairwise(positions))


def test_the_first_mark_is_cut_without_decoding() -> None:
    assert FIRST_MARK_BYTES == 60 * BYTES_PER_MS
    assert FIRST_MARK_BYTES % 3 == 0
