"""Recordings whose words have known times.

A recording is raw mu-law at 8 kHz; a word is a written one, as `text.split()` gives it ("$9.05." is one), and its
times are milliseconds from the recording's start. The shipped recordings were synthesised by
`scripts/make_speech.py`.
"""

import json
import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from math import pi
from typing import Any

import numpy as np

from twilio_openai.rehearsal import mulaw
from twilio_openai.rehearsal.mulaw import BYTES_PER_MS

_FAINT = bytes([*range(0x78, 0x80), *range(0xF6, 0x100)])


@dataclass(frozen=True)
class Word:
    """One written word and when it is spoken."""

    text: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True)
class Speech:
    """A recording: `audio` is mu-law at 8 kHz, `words` are those of `text.split()` in order."""

    id: str
    text: str
    audio: bytes
    words: tuple[Word, ...] = ()
    voice: str = ""
    language: str = "en"

    @property
    def duration_ms(self) -> float:
        return len(self.audio) / BYTES_PER_MS

    def words_by(self, ms: float) -> tuple[Word, ...]:
        """The words that are spoken to their end within the first `ms`."""
        return tuple(word for word in self.words if word.end_ms <= ms)

    def word(self, text: str) -> Word:
        """The first word written so; KeyError if there is none."""
        for word in self.words:
            if word.text == text:
                return word
        raise KeyError(text)


@cache
def _manifest() -> dict[str, dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(_folder().joinpath("manifest.json").read_text("utf-8"))
    return {entry["id"]: entry for entry in entries}


def _folder() -> Traversable:
    return files("twilio_openai.rehearsal").joinpath("speech")


def ids() -> tuple[str, ...]:
    """The names of all shipped recordings."""
    return tuple(_manifest())


@cache
def load(id_: str) -> Speech:
    """A shipped recording; KeyError if there is none of that name."""
    entry = _manifest()[id_]
    words = tuple(Word(text, start_ms, end_ms) for text, start_ms, end_ms in entry["words"])
    audio = _folder().joinpath(f"{id_}.ulaw").read_bytes()
    return Speech(id_, entry["text"], audio, words, entry["voice"], entry["language"])


def load_all() -> tuple[Speech, ...]:
    """Every shipped recording."""
    return tuple(load(id_) for id_ in ids())


def concat(*speeches: Speech, gap_ms: int = 0) -> Speech:
    """One recording of several, with `gap_ms` of silence between them."""
    gap, audio, words = silence(gap_ms), b"", list[Word]()
    for speech in speeches:
        audio += gap if audio else b""
        at_ms = len(audio) / BYTES_PER_MS
        words += [Word(word.text, word.start_ms + at_ms, word.end_ms + at_ms) for word in speech.words]
        audio += speech.audio
    first = speeches[0]
    id_ = "+".join(speech.id for speech in speeches)
    return Speech(id_, " ".join(speech.text for speech in speeches), audio, tuple(words), first.voice, first.language)


def cut(speech: Speech, start_ms: float, end_ms: float) -> Speech:
    """A part of a recording, with the words that lie wholly in it."""
    audio = speech.audio[round(start_ms * BYTES_PER_MS) : round(end_ms * BYTES_PER_MS)]
    inside = [word for word in speech.words if word.start_ms >= start_ms and word.end_ms <= end_ms]
    words = tuple(Word(word.text, word.start_ms - start_ms, word.end_ms - start_ms) for word in inside)
    id_ = f"{speech.id}[{start_ms:.0f}:{end_ms:.0f}]"
    return Speech(id_, " ".join(word.text for word in words), audio, words, speech.voice, speech.language)


def silence(ms: float) -> bytes:
    """Digital silence."""
    return mulaw.SILENCE * round(ms * BYTES_PER_MS)


def faint(ms: float, seed: int = 0) -> bytes:
    """What a quiet line sounds like: noise of the smallest amplitudes, as in captures of Twilio's first frames."""
    return bytes(random.Random(seed).choices(_FAINT, k=round(ms * BYTES_PER_MS)))


def tone(ms: float, hertz: float = 440.0, amplitude: float = 6000.0) -> bytes:
    """A steady tone."""
    samples = np.arange(round(ms * BYTES_PER_MS)) / 8000.0
    return mulaw.encode(amplitude * np.sin(2 * pi * hertz * samples))
