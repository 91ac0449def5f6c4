"""The cuts: the caller interrupts at some moment, and this is what a bridge holds then.

"full": the whole answer had been generated. Otherwise the generator works some times faster than real time: text runs
ahead of the audio that it describes by 0.2-3 s (a slow random walk), audio comes in pieces of 100-400 ms, and only
what had arrived counts. Everything is seeded by the recording's name, so that each run sees the same cuts.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .recordings import Recording

FIRST_PIECE_MS = 350.0
"""From the request to the model's first audio."""
LOUDSPEAKER_MS = 100.0
"""From the first audio's arrival to its start at the caller's ear."""
PIECES_MS = (100, 200, 200, 300, 400, 400)
LEAST_LEAD_MS, MOST_LEAD_MS, LEAD_STEP_MS = 200.0, 3000.0, 350.0


@dataclass(frozen=True)
class Delta:
    """One message of the generator: some words, or some bytes of audio."""

    at_ms: float
    words: int
    """How many words of the text are there by now."""
    audio_bytes: int
    """How much audio is there by now."""


@dataclass(frozen=True)
class Cut:
    """What a bridge knows at the moment of the interruption, and the truth."""

    text: str
    audio: bytes
    language: str
    complete: bool
    played_ms: float
    arrivals: tuple[Delta, ...]
    heard: int
    """True number of words whose speech had been played to the end."""
    first_of_recording: bool


def cuts(recording: Recording, count: int, speed: float | None) -> Iterator[Cut]:
    """Seeded cuts, uniform in time; `speed` is the generator's (times real time), None for "full"."""
    arrivals = tuple(_arrivals(recording, speed or 4.0))
    rng = random.Random(zlib.crc32(f"cut {recording.id}".encode()))
    for number in range(count):
        played_ms = rng.uniform(0.0, recording.duration_ms)
        yield _cut(recording, arrivals, played_ms, speed is None, number == 0)


def _cut(recording: Recording, arrivals: tuple[Delta, ...], played_ms: float, full: bool, first: bool) -> Cut:
    spoken = recording.text.split()
    heard = sum(end <= played_ms for end in recording.ends_ms)
    if full:
        return Cut(recording.text, recording.audio, recording.language, True, played_ms, arrivals, heard, first)
    now = FIRST_PIECE_MS + LOUDSPEAKER_MS + played_ms
    arrived = tuple(delta for delta in arrivals if delta.at_ms <= now)
    words = max((delta.words for delta in arrived), default=0)
    size = max(int(played_ms * 8), *(delta.audio_bytes for delta in arrived), 0)
    complete = len(arrived) == len(arrivals)
    text = " ".join(spoken[:words])
    return Cut(text, recording.audio[:size], recording.language, complete, played_ms, arrived, heard, first)


def _arrivals(recording: Recording, speed: float) -> list[Delta]:
    rng = random.Random(zlib.crc32(f"arrivals {recording.id}".encode()))
    events = [(at, words, 0) for at, words in _text(recording, rng)]
    events += [(at, 0, size) for at, size in _audio(recording, rng)]
    deltas: list[Delta] = []
    words = size = 0
    for at, more_words, more_audio in sorted(events):
        words, size = max(words, more_words), max(size, more_audio)
        deltas.append(Delta(FIRST_PIECE_MS + at / speed, words, size))
    return deltas


def _audio(recording: Recording, rng: random.Random) -> Iterator[tuple[float, int]]:
    size = 0
    while size < len(recording.audio):
        size = min(len(recording.audio), size + 8 * rng.choice(PIECES_MS))
        yield size / 8, size


def _text(recording: Recording, rng: random.Random) -> Iterator[tuple[float, int]]:
    lead, at, word = rng.uniform(LEAST_LEAD_MS, MOST_LEAD_MS), 0.0, 0
    while word < len(recording.words):
        lead = min(MOST_LEAD_MS, max(LEAST_LEAD_MS, lead + rng.gauss(0.0, LEAD_STEP_MS)))
        at = max(at, recording.words[word][1] - lead)
        word = min(len(recording.words), word + rng.choice((1, 1, 2)))
        yield at, word
