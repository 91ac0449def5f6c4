"""Text and audio -> the end of each word: what `align` and `estimate` promise, on recordings and on anything else."""

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.heard.recordings import Recording, load
from twilio_openai.alignment import Alignment, align, estimate

LANGUAGES = ("en", "es", "de", "fr", "it")
RECORDINGS = load(lambda one: one.split == "kept")
SAMPLES = {language: next(one for one in RECORDINGS if one.language == language) for language in LANGUAGES}
Method = Callable[..., Alignment]
BOTH = pytest.mark.parametrize("method", [align, estimate])


def sample(language: str = "en") -> Recording:
    return SAMPLES[language]


def test_heard_counts_leading_words_played_to_their_end() -> None:
    found = Alignment(("a", "b", "c"), (100.0, 200.0, math.inf), (0.0, 100.0, math.inf), 1.0, "aligned")
    assert [found.heard(ms) for ms in (0, 99.9, 100, 199, 200, 1e9)] == [0, 0, 1, 1, 2, 2]


def test_an_alignment_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        align("hello", b"\xff" * 800).confidence = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_answer_is_aligned_in_every_language(language: str) -> None:
    recording = sample(language)
    found = align(recording.text, recording.audio, language)
    assert found.method == "aligned"
    assert found.confidence > 0.9
    assert found.words == tuple(recording.text.split())
    errors = [abs(end - true) for end, true in zip(found.ends_ms, recording.ends_ms, strict=True)]
    assert np.median(errors) < 20
    assert max(errors) < 250


@pytest.mark.parametrize("language", ["en-US", "EN", "en_GB", " en "])
def test_a_language_may_have_a_region(language: str) -> None:
    recording = sample()
    assert align(recording.text, recording.audio, language) == align(recording.text, recording.audio, "en")


@pytest.mark.parametrize("language", ["pt-BR", "", None, "xx", "zh", "english"])
def test_another_language_is_estimated_and_says_so(language: str) -> None:
    recording = sample()
    found = align(recording.text, recording.audio, language)
    assert found.method == "estimated"
    assert found.confidence < 0.5
    assert found.ends_ms[-1] <= recording.duration_ms


def test_another_script_is_estimated_whatever_the_language_says() -> None:
    found = align("Здравствуйте, чем могу помочь?", sample().audio, "en")
    assert found.method == "estimated"
    assert found.confidence < 0.5


def test_the_right_text_is_believed_and_the_text_of_another_answer_is_doubtful() -> None:
    english = [one for one in RECORDINGS if one.language == "en"][::2]
    right = [align(one.text, one.audio, "en") for one in english]
    wrong = [align(english[index - 2].text, one.audio, "en") for index, one in enumerate(english)]
    assert min(found.confidence for found in right) > 0.5
    assert sum(found.confidence < 0.5 for found in wrong) >= 0.6 * len(wrong)
    assert all((found.confidence < 0.5) == (found.method == "careful") for found in [*right, *wrong])


def test_careful_claims_no_more_than_either() -> None:
    recording, other = sample("en"), sample("it")
    found = align(other.text, recording.audio, "en")
    assert found.method == "careful"
    quick = estimate(other.text, recording.audio, "en")
    assert all(end >= other_end for end, other_end in zip(found.ends_ms, quick.ends_ms, strict=True))


@BOTH
@pytest.mark.parametrize("share", [0.02, 0.1, 0.35, 0.6, 0.9])
def test_words_ahead_of_the_audio_are_not_claimed(method: Method, share: float) -> None:
    recording = sample()
    size = int(len(recording.audio) * share)
    found = method(recording.text, recording.audio[:size], "en", complete=False)
    true = sum(end <= size / 8 for end in recording.ends_ms)
    assert found.heard(size / 8) <= true + (1 if method is align else 3)
    assert math.isinf(found.ends_ms[-1])


@BOTH
def test_audio_that_ends_with_a_word_reaches_no_later_word(method: Method) -> None:
    recording = sample()
    for word in (3, 7, 11):
        size = int(recording.ends_ms[word] * 8)
        found = method(recording.text, recording.audio[:size], "en", complete=False)
        assert found.heard(1e9) <= word + 3


@BOTH
def test_ends_never_decrease_and_starts_are_before_them(method: Method) -> None:
    for recording in SAMPLES.values():
        found = method(recording.text, recording.audio, recording.language)
        assert list(found.ends_ms) == sorted(found.ends_ms)
        assert all(start <= end for start, end in zip(found.starts_ms, found.ends_ms, strict=True))


@BOTH
def test_nothing_is_kept_from_one_item_to_the_next(method: Method) -> None:
    first, second = sample("en"), sample("de")
    before = method(first.text, first.audio, "en")
    method(second.text, second.audio, "de")
    method(second.text, first.audio, "fr", complete=False)
    assert method(first.text, first.audio, "en") == before


@BOTH
@pytest.mark.parametrize(
    "text",
    ["", "…", "— …", "\U0001f600", "hello", "$", "1", "a " * 40, "₿ ½ ² Ⅷ ٣", "1" * 5000, "$" + "9" * 5000 + ".5"],
)
@pytest.mark.parametrize("audio", [b"", b"\xff", b"\x00" * 81, b"\xff" * 8000, b"\x00\xff" * 4000], ids=len)
def test_odd_texts_and_audio_work(method: Method, text: str, audio: bytes) -> None:
    for complete in (True, False):
        check(method(text, audio, "en", complete), text, audio)


def check(found: Alignment, text: str, audio: bytes) -> None:
    words = text.split()
    assert len(found.words) == len(found.ends_ms) == len(found.starts_ms) == len(words)
    assert 0.0 <= found.confidence <= 1.0
    assert all(end <= len(audio) / 8 + 20 or math.isinf(end) for end in found.ends_ms)
    assert list(found.ends_ms) == sorted(found.ends_ms)
    assert found.method in ("aligned", "estimated", "careful")


def test_words_in_an_audio_without_sound_are_not_claimed() -> None:
    assert align("hello there", b"", "en").heard(1e9) == 0
    assert align("hello there", b"\xff", "en").heard(1e9) == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=st.text(max_size=60) | st.text(alphabet="0123456789.,:/-+€$%@ h", max_size=40),
    language=st.sampled_from([*LANGUAGES, "pt-BR", ""]),
    start=st.integers(0, 40_000),
    size=st.integers(0, 12_000),
    complete=st.booleans(),
)
def test_any_text_and_audio(text: str, language: str, start: int, size: int, complete: bool) -> None:
    audio = sample().audio[start : start + size]
    check(align(text, audio, language, complete), text, audio)
    check(estimate(text, audio, language, complete), text, audio)


def test_three_minutes_work() -> None:
    recording = sample()
    repeats = int(180_000 / recording.duration_ms) + 1
    found = align(f"{recording.text} " * repeats, recording.audio * repeats, "en")
    last = recording.duration_ms * (repeats - 1) + recording.ends_ms[-1]
    assert abs(found.ends_ms[-1] - last) < 100
    assert found.confidence > 0.9
