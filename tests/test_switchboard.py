"""Who may connect, and what comes after a stream. Times are Unix seconds."""

import pytest

from twilio_openai.stream_token import mint
from twilio_openai.switchboard import Next, Place, Switchboard

KEY, NOW = "key", 1_795_000_000.0


def board(max_calls: int = 2) -> Switchboard:
    return Switchboard(KEY, max_calls)


def ring(switchboard: Switchboard, call_sid: str = "CA1", now: float = NOW) -> Place:
    place = switchboard.reserve(call_sid, "+15550001111", "+15550002222", now)
    assert place is not None
    return place


def live(switchboard: Switchboard, call_sid: str = "CA1", now: float = NOW) -> Place:
    place = switchboard.connect(call_sid, ring(switchboard, call_sid, now).token, now)
    assert place is not None
    return place


def test_a_webhooks_token_opens_one_stream() -> None:
    switchboard = board()
    place = ring(switchboard)
    assert switchboard.connect("CA1", place.token, NOW + 1) is place
    assert place.live
    assert switchboard.connect("CA1", place.token, NOW + 2) is None


def test_a_token_written_anew_is_used_all_the_same() -> None:
    switchboard = board()
    place = live(switchboard)
    assert switchboard.connect("CA1", "0" + place.token, NOW) is None


@pytest.mark.parametrize("token", ["", "x", mint("other key", "CA1", NOW), mint(KEY, "CA2", NOW)])
def test_any_other_token_opens_none(token: str) -> None:
    switchboard = board()
    place = ring(switchboard)
    assert switchboard.connect("CA1", token, NOW) is None
    assert not place.live


def test_a_token_is_good_for_a_minute() -> None:
    switchboard = board()
    place = ring(switchboard)
    assert switchboard.connect("CA1", place.token, NOW + 61) is None


def test_a_second_webhook_for_a_call_changes_nothing() -> None:
    switchboard = board()
    place = ring(switchboard)
    assert ring(switchboard, now=NOW + 5) is place
    switchboard.connect("CA1", place.token, NOW + 6)
    assert ring(switchboard, now=NOW + 1000) is place
    assert switchboard.active(NOW + 1000) == 1


def test_a_webhook_for_a_call_that_ended_starts_afresh() -> None:
    switchboard = board()
    old = live(switchboard)
    switchboard.end(old, "agent", NOW + 10)
    new = ring(switchboard, now=NOW + 20)
    assert new is not old
    assert new.token != old.token
    assert switchboard.connect("CA1", new.token, NOW + 21) is new


def test_a_call_holds_its_place_for_30_seconds_without_a_stream() -> None:
    switchboard = board(max_calls=1)
    ring(switchboard, "CA1")
    assert switchboard.is_full(NOW + 29)
    assert switchboard.reserve("CA2", "", "", NOW + 29) is None
    assert switchboard.reserve("CA2", "", "", NOW + 31) is not None


def test_an_ended_call_gives_its_place_up() -> None:
    switchboard = board(max_calls=1)
    place = live(switchboard)
    assert switchboard.is_full(NOW + 1000)
    switchboard.end(place, "caller", NOW + 1000)
    assert not switchboard.is_full(NOW + 1000)


def test_a_stream_that_comes_after_its_place_was_given_up_does_not_make_one_call_too_many() -> None:
    switchboard = board(max_calls=1)
    late = ring(switchboard, "CA1")
    live(switchboard, "CA2", NOW + 40)
    assert switchboard.connect("CA1", late.token, NOW + 50) is None


def test_who_ended_a_call_first_ended_it() -> None:
    switchboard = board()
    place = live(switchboard)
    switchboard.end(place, "transferred", NOW + 1)
    switchboard.end(place, "caller", NOW + 2)
    assert place.ended_by == "transferred"
    assert not place.live


@pytest.mark.parametrize("ended_by", ["agent", "transferred", "time_limit", "budget", "shutdown"])
def test_a_call_that_was_ended_on_purpose_is_hung_up(ended_by: str) -> None:
    switchboard = board()
    switchboard.end(live(switchboard), ended_by, NOW + 10)
    assert switchboard.after_stream("CA1", "in-progress", NOW + 11) == (Next.HANG_UP, None)


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "", "IN-PROGRESS"])
def test_a_call_that_is_over_is_hung_up(status: str) -> None:
    switchboard = board()
    place = live(switchboard)
    assert switchboard.after_stream("CA1", status, NOW + 11) == (Next.HANG_UP, None)
    assert place.asked


@pytest.mark.parametrize("ended_by", ["model_away", "error"])
def test_a_call_whose_model_is_away_gets_an_apology(ended_by: str) -> None:
    switchboard = board()
    switchboard.end(live(switchboard), ended_by, NOW + 10)
    assert switchboard.after_stream("CA1", "in-progress", NOW + 11) == (Next.APOLOGISE, None)


def test_a_call_whose_stream_was_lost_is_connected_again_three_times_a_minute() -> None:
    switchboard = board(max_calls=1)
    now = NOW
    place = live(switchboard, now=now)
    for _ in range(3):
        now += 5
        following, again = switchboard.after_stream("CA1", "in-progress", now)
        assert following is Next.CONNECT_AGAIN
        assert again is not None
        assert again is not place
        assert (again.caller, again.called) == ("+15550001111", "+15550002222")
        place = again
        assert switchboard.connect("CA1", place.token, now + 1) is place
    assert switchboard.after_stream("CA1", "in-progress", now + 5) == (Next.APOLOGISE, None)
    following, _ = switchboard.after_stream("CA1", "in-progress", now + 65)
    assert following is Next.CONNECT_AGAIN


def test_the_end_of_an_old_stream_does_not_end_the_new_one() -> None:
    switchboard = board()
    old = live(switchboard)
    _, new = switchboard.after_stream("CA1", "in-progress", NOW + 5)
    assert new is not None
    switchboard.connect("CA1", new.token, NOW + 6)
    switchboard.end(old, "caller", NOW + 7)
    assert new.live
    assert switchboard.active(NOW + 8) == 1


def test_a_call_of_a_server_that_died_is_connected_again() -> None:
    following, place = board().after_stream("CA9", "in-progress", NOW)
    assert following is Next.CONNECT_AGAIN
    assert place is not None
    assert place.call_sid == "CA9"


def test_there_is_no_way_back_into_a_full_house() -> None:
    switchboard = board(max_calls=1)
    live(switchboard, "CA1")
    assert switchboard.after_stream("CA9", "in-progress", NOW) == (Next.APOLOGISE, None)


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    switchboard = board(max_calls=5)
    for number in range(1000):
        at = NOW + number
        switchboard.end(live(switchboard, f"CA{number}", at), "agent", at)
    at = NOW + 5000
    ring(switchboard, "CAlast", at)
    assert len(switchboard._places) == 1
    assert len(switchboard._used) == 0
