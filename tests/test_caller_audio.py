"""The caller's audio: whole, in order, and never a gap longer than the model can bear."""

import json
from base64 import b64decode, b64encode

import pytest

from twilio_openai.adapters.caller_audio import MAX_KEPT_MS, RING_MS, CallerAudio

FRAME = b64encode(b"\x7e" * 160).decode()


def frame_of(number: int) -> str:
    return b64encode(bytes([number % 255]) * 160).decode()


def heard(messages: list[str]) -> bytes:
    return b"".join(b64decode(json.loads(message)["audio"]) for message in messages if message)


def opened(now: float = 0) -> CallerAudio:
    audio = CallerAudio(now)
    assert audio.open(now) == []
    return audio


def ticks(audio: CallerAudio, since: float, until: float) -> list[str]:
    """What the model is sent in this time if no frame comes: ticked whenever it asks to be."""
    messages: list[str] = []
    due = audio.due_ms(since)
    while due <= until:
        messages += audio.tick(due)
        due = audio.due_ms(due)
    return messages


def speak(audio: CallerAudio, since: float, until: float) -> list[str]:
    """Frames in real time, and the ticks between them."""
    now, messages = since, []
    while now < until:
        messages.append(audio.frame(FRAME, now))
        messages += audio.tick(now)
        now += 20
    return messages


def test_frames_are_kept_until_there_is_a_session_and_go_out_in_order() -> None:
    audio = CallerAudio(0)
    assert {audio.frame(frame_of(number), 20.0 * number) for number in range(200)} == {""}
    assert heard(audio.open(4000)) == b"".join(b64decode(frame_of(number)) for number in range(200))
    assert heard([audio.frame(FRAME, 4010)]) == b64decode(FRAME)
    assert (audio.frames, audio.bytes, audio.dropped) == (201, 201 * 160, 0)


def test_of_more_than_a_minute_the_oldest_is_forgotten() -> None:
    audio = CallerAudio(0)
    for number in range(MAX_KEPT_MS // 20 + 5):
        audio.frame(frame_of(number), 20.0 * number)
    kept = heard(audio.open(80_000))
    assert len(kept) == MAX_KEPT_MS * 8
    assert kept[0] == 5


def test_what_is_forgotten_is_counted() -> None:
    audio = CallerAudio(0)
    for number in range(MAX_KEPT_MS // 20 + 5):
        audio.frame(FRAME, 20.0 * number)
    assert audio.dropped == 5


@pytest.mark.parametrize("payload", ["A", "AAA", "é", "AAAA=AAA", "AAAA\\"])
def test_a_frame_that_is_no_base64_is_dropped(payload: str) -> None:
    audio = opened()
    assert audio.frame(payload, 0) == ""
    assert (audio.frames, audio.dropped) == (0, 1)


def test_no_silence_is_sent_before_there_is_a_session() -> None:
    assert ticks(CallerAudio(0), 0, 2000) == []


def test_after_300_ms_without_a_frame_silence_goes_out_in_real_time() -> None:
    audio = opened()
    audio.frame(FRAME, 0)
    assert ticks(audio, 0, 319) == []
    sent = ticks(audio, 319, 1300)
    assert 48 <= len(sent) <= 50
    assert set(heard(sent)) == {0xFF}


def test_a_late_tick_sends_all_that_is_due() -> None:
    audio = opened()
    audio.frame(FRAME, 0)
    assert len(audio.tick(1300)) == 50


def test_silence_stops_when_frames_return() -> None:
    audio = opened()
    audio.frame(FRAME, 0)
    ticks(audio, 0, 1000)
    assert len(heard(speak(audio, 1000, 2000))) == 8000


def test_a_second_gap_is_filled_like_the_first() -> None:
    audio = opened()
    audio.frame(FRAME, 0)
    first = len(ticks(audio, 0, 1000))
    speak(audio, 1000, 2000)
    second = len(ticks(audio, 1980, 2980))
    assert first == second
    assert 33 <= first <= 35


def test_a_line_that_sends_in_bursts_gets_no_silence_after_the_first() -> None:
    audio = opened()
    sent = 0
    for second in range(10):
        for _ in range(50):  # a second's frames at once
            audio.frame(FRAME, 1000.0 * second)
        sent += len(ticks(audio, 1000.0 * second, 1000.0 * second + 999))
    assert sent <= 35 + 5
    assert audio.frames == 500


@pytest.mark.parametrize("quiet_ms", [20, 100])
def test_jitter_is_no_gap(quiet_ms: float) -> None:
    audio = opened()
    audio.frame(FRAME, 0)
    audio.frame(FRAME, quiet_ms)
    assert audio.gaps == 0


def test_gaps_are_counted_and_the_longest_is_known() -> None:
    audio = opened()
    for now in (0, 150, 170, 900, 920):
        audio.frame(FRAME, now)
    assert audio.gaps == 2
    assert audio.longest_gap_ms == 730


def test_the_model_counts_in_audio_and_we_tell_when_that_was() -> None:
    audio = CallerAudio(0)
    for now in range(0, 1000, 20):
        audio.frame(FRAME, now)
        audio.tick(now)
    audio.open(1500)  # a second was kept
    speak(audio, 1500, 3000)
    assert audio.when(500) == pytest.approx(500, abs=40)
    assert audio.when(2000) == pytest.approx(2500, abs=40)


def test_after_a_gap_the_models_time_lags_by_what_was_not_filled() -> None:
    audio = opened()
    speak(audio, 0, 1000)
    filled = len(ticks(audio, 980, 2990))
    speak(audio, 3000, 4000)
    assert audio.when(1000 + 20 * filled + 500) == pytest.approx(3500, abs=50)


@pytest.mark.parametrize("audio_ms", [-500, 0, 10**9])
def test_any_time_is_some_time(audio_ms: float) -> None:
    assert isinstance(CallerAudio(7).when(audio_ms), float | int)
    assert isinstance(opened(7).when(audio_ms), float | int)


def test_a_tick_is_always_asked_for_in_the_future() -> None:
    audio = opened()
    for now in (0.0, 299.9, 300.0, 301.0, 5000.0):
        assert audio.due_ms(now) > now


# -- a lost session


def test_a_new_session_hears_the_turn_that_has_no_answer_again() -> None:
    audio = opened()
    speak(audio, 0, 5000)
    audio.began(4000)
    audio.ended(4900)
    assert audio.unanswered
    audio.lost(5000)
    assert audio.frame(frame_of(1), 5000) == ""

    again = heard(audio.open(5200))

    assert len(again) >= (1000 + 20) * 8
    assert len(again) <= (1000 + RING_MS + 20) * 8
    assert again.endswith(b64decode(frame_of(1)))


def test_a_turn_that_was_answered_is_never_heard_again() -> None:
    audio = opened()
    speak(audio, 0, 5000)
    audio.began(4000)
    audio.ended(4900)
    audio.answered()
    assert not audio.unanswered
    audio.lost(5000)
    assert len(heard(audio.open(5200))) <= 100 * 8


def test_the_memory_of_a_quiet_hour_is_small() -> None:
    audio = opened()
    for number in range(5000):
        audio.frame(FRAME, 20.0 * number)
    assert len(audio._kept) <= (RING_MS + 1020) * 8
