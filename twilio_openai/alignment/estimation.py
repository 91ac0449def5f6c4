"""The quick estimate: loudness and weights only, for any language and script.

Each spoken word is one sound whose duration follows from its letters; the dynamic programme that aligns sounds places
them on the loud frames and their punctuation on the pauses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .features import samples
from .language import readable
from .lattice import FIRST_SOUND, Slot, Sound, expected_ms, lattice
from .segmental import Found
from .spoken import Phrase, phrases
from .timing import spans
from .viterbi import Path, Weights, best_path

Array = NDArray[np.float64]

FRAME_MS = 20.0
HOP = 160
"""Samples per frame of 20 ms."""
VOWELS = "aeiouyáàâäãåéèêëíìîïóòôöõøúùûüœæаеёиоуыэюяαεηιουω"
VOWEL_MS, CONSONANT_MS, DIGIT_MS, SYLLABLE_SIGN_MS = 110.0, 48.0, 250.0, 170.0
"""What a vowel group, another letter, a digit, and a character of a script written in syllables or ideographs takes."""
SHORTEST_WORD_MS = 90.0
FIRST_IDEOGRAPH = 0x2E80
SPREAD = 0.3
"""Standard deviation of log(duration / expected) of a word."""
SPEECH_DB = 32.0
"""A frame counts as speech down to this far below the loud ones ..."""
FLOOR_DB = 8.0
"""... or to this far above the quietest, if that is less."""
SOFTNESS_DB = 6.0
"""Distance from the threshold at which a frame is one neper likelier speech than silence."""
SUREST = 3.0
"""Nepers that one frame may say at most."""
WEIGHTS = Weights(
    acoustic=0.3,
    no_stop=4.0,
    pause=5.0,
    pause_frame=0.02,
    shortest_pause=6,
    longest=3.5,
    longest_sound=150,
    longest_stretch=200,
    drift=0.1,
)
"""The dynamic programme's costs for words on frames of 20 ms (tuned with benchmarks/heard)."""


def find(words: Sequence[str], audio: bytes, language: str | None, complete: bool) -> Found | None:
    """The words' places by loudness, or None where there is no audio or no way through it."""
    levels = _levels(audio)
    if not len(levels):
        return None
    code = language or ""
    slots = lattice(words, _phrases(words, language), code, _voice)
    scores = _scores(levels)
    pace = _pace(slots, scores) if complete else 1 / FRAME_MS
    path = best_path(slots, scores, pace, not complete, WEIGHTS)
    if path is None:
        return None
    if not complete:
        path = _again(slots, scores, path)
    return Found(spans(path, len(words), levels), path.score / len(levels))


def _phrases(words: Sequence[str], language: str | None) -> list[Phrase]:
    if language is None or not readable(" ".join(words)):
        return [Phrase(((word,),)) for word in words]
    return [Phrase(phrase.readings[:1]) for phrase in phrases(words, language)]


def _voice(word: str) -> list[Sound]:
    weight = weight_ms(word)
    return [Sound(FIRST_SOUND, weight, SPREAD)] if weight else []


@lru_cache(8192)
def weight_ms(word: str) -> float:
    """How long a spoken word lasts at an average pace, from its letters; 0 for signs alone."""
    lower = unicodedata.normalize("NFC", word.lower())
    nuclei = len(re.findall(f"[{VOWELS}]+", lower))
    letters = [letter for letter in lower if letter.isalpha() and letter not in VOWELS]
    ideographs = sum(ord(letter) >= FIRST_IDEOGRAPH for letter in letters)
    digits = sum(letter.isdecimal() for letter in lower)
    weight = (
        nuclei * VOWEL_MS
        + (len(letters) - ideographs) * CONSONANT_MS
        + ideographs * SYLLABLE_SIGN_MS
        + digits * DIGIT_MS
    )
    return max(SHORTEST_WORD_MS, weight) if weight else 0.0


def _levels(audio: bytes) -> Array:
    """Mean power per whole frame in nepers."""
    frames = len(audio) // HOP
    wave = samples(audio[: frames * HOP]).reshape(frames, HOP)
    return np.asarray(np.log(np.einsum("ij,ij->i", wave, wave) / HOP + 1.0))


def _scores(levels: Array) -> Array:
    """Columns: silence, unforeseen speech, speech."""
    nepers = np.log(10) / 10
    loud, quiet = np.percentile(levels, (95, 2))
    threshold = max(loud - SPEECH_DB * nepers, min(quiet + FLOOR_DB * nepers, loud - 15 * nepers))
    likelier = np.clip((levels - threshold) / (SOFTNESS_DB * nepers), -SUREST, SUREST)
    speech, silence = np.minimum(likelier, 0.0), np.minimum(-likelier, 0.0)
    return np.stack([silence, speech, speech], axis=1)


def _pace(slots: Sequence[Slot], scores: Array) -> float:
    return _bounded(int(np.count_nonzero(scores[:, FIRST_SOUND] > scores[:, 0])), expected_ms(slots))


def _bounded(frames: float, expected: float) -> float:
    return min(2.5 / FRAME_MS, max(0.4 / FRAME_MS, max(1.0, frames) / max(1.0, expected)))


def _again(slots: Sequence[Slot], scores: Array, path: Path) -> Path:
    """A second pass at the pace that the first one found."""
    frames = sum(end - start for segment, start, end in path.placed if segment.expected_ms)
    expected = sum(one.segment.expected_ms for one in path.placed)
    return best_path(slots, scores, _bounded(frames, expected), True, WEIGHTS) or path
