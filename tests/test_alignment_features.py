"""Mu-law, spectra, normalisation, and where a sound has died away."""

import numpy as np
import pytest

from twilio_openai.alignment.features import (
    BANDS,
    DECODED,
    DEEPEST,
    log_mel,
    loudness,
    normalised,
    samples,
    speech_frames,
)
from twilio_openai.alignment.tails import LONGEST_TAIL, died_away

COLOUR = np.zeros(BANDS)


def encoded(wave: np.ndarray) -> bytes:
    """The nearest mu-law byte of each sample."""
    return bytes(int(np.abs(DECODED - sample).argmin()) for sample in wave)


def tone(hertz: float, amplitude: float, ms: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(int(8 * ms)) / 8000)


@pytest.mark.parametrize(
    ("code", "value"), [(0xFF, 0), (0x7F, 0), (0x80, 32124), (0x00, -32124), (0xFE, 8), (0x7E, -8)]
)
def test_mu_law_decodes_as_in_g_711(code: int, value: int) -> None:
    assert samples(bytes([code]))[0] == value


def test_one_frame_per_whole_10_ms() -> None:
    assert log_mel(b"").shape == (0, BANDS)
    assert log_mel(b"\xff" * 79).shape == (0, BANDS)
    assert log_mel(b"\xff" * 165).shape == (2, BANDS)


def test_a_tone_is_loudest_in_its_band() -> None:
    low, high = (log_mel(encoded(tone(hertz, 8000, 200)))[10].argmax() for hertz in (300, 3000))
    assert low < 4
    assert high > 11


def test_loudness_is_no_feature() -> None:
    noise = np.random.default_rng(1).normal(0.0, 1.0, 4800)
    one, other = (normalised(log_mel(encoded(level * noise)), COLOUR) for level in (500, 4000))
    assert np.abs(one - other).mean() < 0.05


def test_silence_is_bounded_and_empty_audio_is_empty() -> None:
    features = normalised(log_mel(encoded(tone(500, 8000, 300)) + b"\xff" * 4000), COLOUR)
    assert features[:, :BANDS].min() == DEEPEST
    assert normalised(np.zeros((0, BANDS)), COLOUR).shape == (0, 2 * BANDS)


def test_slopes_point_up_where_a_sound_begins() -> None:
    features = normalised(log_mel(b"\xff" * 2400 + encoded(tone(500, 8000, 300))), COLOUR)
    slopes = features[:, BANDS:].sum(1)
    assert slopes.argmax() in range(27, 33)


def test_speech_is_what_is_loud() -> None:
    levels = loudness(log_mel(b"\xff" * 4000 + encoded(tone(500, 8000, 500))))
    assert not speech_frames(levels)[:48].any()
    assert speech_frames(levels)[52:].all()


def test_a_word_ends_when_its_sound_has_died_away() -> None:
    levels = np.array([25.0] * 40 + [20.0] * 8 + [9.0] * 52)
    assert died_away(levels, 40, 90) == 48


def test_a_short_dip_does_not_end_it_and_a_long_one_does() -> None:
    assert died_away(np.array([25.0] * 40 + [9.0] * 3 + [22.0] * 5 + [9.0] * 52), 40, 90) == 48
    assert died_away(np.array([25.0] * 40 + [9.0] * 9 + [22.0] * 5 + [9.0] * 46), 40, 90) == 40


def test_a_tail_has_an_end_even_in_noise() -> None:
    assert died_away(np.array([25.0] * 200), 40, 190) <= 40 + LONGEST_TAIL


def test_no_tail_where_the_next_word_follows_at_once() -> None:
    assert died_away(np.array([25.0] * 100), 40, 40) == 40
