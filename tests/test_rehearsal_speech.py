"""The shipped recordings: their texts, the times of their words, and the pieces that tests cut out of them."""

import pytest

from twilio_openai.rehearsal import mulaw, speech
from twilio_openai.rehearsal.hearing import Hearing
from twilio_openai.rehearsal.vad import speech_probability


@pytest.mark.parametrize("name", speech.ids())
def test_every_written_word_has_its_time(name: str) -> None:
    recording = speech.load(name)
    assert [word.text for word in recording.words] == recording.text.split()
    assert all(0 <= word.start_ms < word.end_ms <= recording.duration_ms for word in recording.words)
    starts = [word.start_ms for word in recording.words]
    assert starts == sorted(starts)


@pytest.mark.parametrize("name", [name for name in speech.ids() if name.startswith(("agent", "caller"))])
def test_words_are_loud_and_what_surrounds_them_is_not(name: str) -> None:
    recording = speech.load(name)
    for word in recording.words:
        assert speech_probability(_part(recording, word.start_ms, word.end_ms)) > 0.5, word
    for ms, end in ((0, recording.words[0].start_ms), (recording.words[-1].end_ms + 30, recording.duration_ms)):
        assert speech_probability(_part(recording, ms, end)) < 0.5


def _part(recording: speech.Speech, start_ms: float, end_ms: float) -> bytes:
    return recording.audio[round(start_ms * 8) : round(end_ms * 8)]


def test_a_price_is_one_word_and_the_discount_comes_last() -> None:
    total = speech.load("agent-total")
    by_credit = total.words_by(total.word("credit?").end_ms)
    assert " ".join(word.text for word in by_credit) == "That will be $9.05. Cash or credit?"
    assert total.word("We").start_ms - total.word("credit?").end_ms > 300
    with pytest.raises(KeyError):
        total.word("Nine")


def test_a_word_counts_once_it_is_over() -> None:
    yes = speech.load("caller-yes")
    end_ms = yes.words[0].end_ms
    assert yes.words_by(end_ms - 1) == ()
    assert yes.words_by(end_ms) == yes.words[:1]
    assert yes.words_by(yes.duration_ms) == yes.words


def test_agent_and_caller_have_different_voices_and_four_languages_are_there() -> None:
    assert speech.load("agent-total").voice != speech.load("caller-bagels").voice
    assert {recording.language for recording in speech.load_all()} == {"en", "es", "de", "fr"}


def test_joined_recordings_keep_the_times_of_their_words() -> None:
    first, second = speech.load("caller-yes"), speech.load("caller-bye")
    joined = speech.concat(first, second, gap_ms=200)
    assert joined.text == f"{first.text} {second.text}"
    assert joined.duration_ms == first.duration_ms + 200 + second.duration_ms
    shifted = joined.words[len(first.words)]
    assert shifted.start_ms == first.duration_ms + 200 + second.words[0].start_ms
    assert joined.audio[len(first.audio) :][:1600] == b"\xff" * 1600


def test_a_cut_keeps_the_words_that_lie_in_it() -> None:
    total = speech.load("agent-total")
    cash = total.word("Cash")
    part = speech.cut(total, cash.start_ms - 10, total.word("credit?").end_ms + 10)
    assert part.text == "Cash or credit?"
    assert part.words[0].start_ms == 10
    assert part.audio in total.audio


def test_silence_noise_and_tone() -> None:
    assert speech.silence(20) == b"\xff" * 160
    assert len(speech.faint(20)) == 160
    assert speech.faint(20, 1) != speech.faint(20, 2)
    assert mulaw.mean_power(speech.faint(1000)) < 72**2
    assert mulaw.mean_power(speech.tone(1000)) == pytest.approx(6000**2 / 2, rel=0.02)


def test_mu_law_survives_a_round_trip() -> None:
    every = bytes(range(256))
    assert mulaw.encode(mulaw.decode(every)).replace(b"\xff", b"\x7f") == every.replace(b"\xff", b"\x7f")
    assert mulaw.decode(b"\xff\x7f\x00\x80").tolist() == [0, 0, -32124, 32124]


def test_every_recording_is_understood_word_for_word_within_noise() -> None:
    hearing = Hearing()
    for recording in speech.load_all():
        assert hearing.recognise(speech.faint(300) + recording.audio + speech.silence(500)) == recording.text


def test_noise_is_not_understood_and_a_missing_word_is_missed() -> None:
    bagels = speech.load("caller-bagels")
    assert Hearing().recognise(speech.faint(2000)) is None
    assert Hearing(unknown="mm").recognise(speech.faint(2000)) == "mm"
    want = bagels.word("want")
    holed = bagels.audio[: round(want.start_ms * 8)] + bagels.audio[round(want.end_ms * 8) :]
    assert Hearing().recognise(holed) == "I bagels and a soda."
