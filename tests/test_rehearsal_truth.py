"""Which of the model's speech was truly played: by literals, from the two logs that phone and model keep."""

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.conversation import Item
from twilio_openai.rehearsal.loudspeaker import Loudspeaker
from twilio_openai.rehearsal.speech import Speech
from twilio_openai.rehearsal.truth import Delivery, Heard, delivery, foreign_audio, heard

TOTAL, SURE, MOMENT = (speech.load(f"agent-{name}") for name in ("total", "sure", "moment"))
LATER = 1e9


def item(id_: str, recording: Speech, created_ms: float = 0.0, generated_ms: float | None = None) -> Item:
    audio = recording.audio if generated_ms is None else recording.audio[: round(generated_ms * 8)]
    return Item(id_, role="assistant", audio=bytearray(audio), speech=recording, created_ms=created_ms)


def play(speaker: Loudspeaker, audio: bytes, at_ms: float, delta_bytes: int = 1237) -> None:
    for start in range(0, len(audio), delta_bytes):
        speaker.media(audio[start : start + delta_bytes], at_ms)


def figures(results: list[Heard]) -> list[tuple[str, float]]:
    return [(result.item.id, result.played_ms) for result in results]


def test_an_answer_that_is_cut_in_the_middle() -> None:
    speaker, total = Loudspeaker(), item("total", TOTAL)
    play(speaker, TOTAL.audio, 1000.0)
    speaker.clear(1000.0 + TOTAL.word("credit?").end_ms + 100)
    total.truncated_ms = 3700
    (result,) = heard([speaker], [total], LATER)
    assert result.text == "That will be $9.05. Cash or credit?"
    assert result.unheard_text == "We also have a store discount you can apply now."
    assert result.played_ms == TOTAL.word("credit?").end_ms + 100
    assert result.cut_error_ms == 3700 - result.played_ms
    assert result.started_ms == 1000.0


def test_the_same_words_twice_are_told_apart() -> None:
    """The late deltas of the cut answer are dropped by the server; the next answer has the same recording."""
    speaker = Loudspeaker()
    first, second = item("first", TOTAL), item("second", TOTAL, created_ms=3000.0)
    play(speaker, TOTAL.audio[:16_000], 1000.0)
    speaker.clear(2500.0)
    play(speaker, TOTAL.audio, 3100.0)
    speaker.clear(3300.0)
    assert figures(heard([speaker], [first, second], LATER)) == [("first", 1500.0), ("second", 200.0)]


def test_two_messages_cut_in_the_first_and_in_the_second() -> None:
    for cut_ms, expected in ((900.0, [900.0, 0.0]), (MOMENT.duration_ms + 500, [MOMENT.duration_ms, 500.0])):
        speaker, items = Loudspeaker(), [item("one", MOMENT), item("two", SURE)]
        play(speaker, MOMENT.audio, 1000.0)
        play(speaker, SURE.audio, 1000.0)
        speaker.clear(1000.0 + cut_ms)
        assert [result.played_ms for result in heard([speaker], items, LATER)] == expected


def test_a_delta_may_be_split_and_padded_and_mixed_with_the_servers_own_words() -> None:
    speaker, sorry = Loudspeaker(), speech.load("agent-bye").audio
    speaker.media(MOMENT.audio[:480], 1000.0)
    speaker.media(MOMENT.audio[480:], 1000.0)
    speaker.media(SURE.audio + b"\xff" * 77, 1000.0)
    play(speaker, sorry, 1000.0)
    items = [item("one", MOMENT), item("two", SURE)]
    assert [result.text for result in heard([speaker], items, LATER)] == [MOMENT.text, SURE.text]
    assert foreign_audio(speaker, items, LATER) == b"\xff" * 77 + sorry


def test_words_in_a_part_that_was_left_out_are_not_heard() -> None:
    speaker, total = Loudspeaker(), item("total", TOTAL)
    cash = TOTAL.word("Cash")
    play(speaker, TOTAL.audio[: round(cash.start_ms * 8)], 1000.0)
    play(speaker, TOTAL.audio[round(cash.end_ms * 8) :], 1000.0)
    (result,) = heard([speaker], [total], LATER)
    assert result.unheard_text == "Cash"


def test_what_plays_on_after_a_stall_counts_and_what_is_to_come_does_not() -> None:
    speaker, total = Loudspeaker(), item("total", TOTAL)
    play(speaker, TOTAL.audio[:8000], 1000.0)
    play(speaker, TOTAL.audio[8000:], 4000.0)
    assert figures(heard([speaker], [total], 1500.0)) == [("total", 500.0)]
    assert figures(heard([speaker], [total], 3900.0)) == [("total", 1000.0)]
    assert figures(heard([speaker], [total], 4250.0)) == [("total", 1250.0)]


def test_two_streams_of_one_call() -> None:
    before, after, total = Loudspeaker(), Loudspeaker(), item("total", TOTAL)
    sure = item("sure", SURE, created_ms=5000.0)
    play(before, TOTAL.audio, 1000.0)
    before.clear(2000.0, "dropped")
    play(after, SURE.audio, 6000.0)
    assert figures(heard([before, after], [total, sure], LATER)) == [("total", 1000.0), ("sure", SURE.duration_ms)]


def test_the_callers_audio_on_its_way() -> None:
    frames = [speech.faint(20, seed) for seed in range(50)]
    sent = b"".join(frames)
    assert delivery(sent, sent) == Delivery(0, 0, 0)
    assert delivery(sent, sent[:4000]) == Delivery(0, 0, 0)
    assert delivery(sent, sent[:3200] + b"\xff" * 320 + sent[3200:]) == Delivery(0, 320, 0)
    assert delivery(sent, sent[:3200] + sent[3360:]) == Delivery(160, 0, 0)
    swapped = b"".join([*frames[:10], frames[11], frames[10], *frames[12:]])
    assert delivery(sent, swapped).missing_bytes == 160
