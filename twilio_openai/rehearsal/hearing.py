"""Input transcription: what the caller said, found by matching committed audio with the known recordings.

Mu-law passes a bridge byte for byte, so the loudest part of every known word can be found again. Words that were not
sent, or not in their order, are not in the transcript: it is a check of the bridge as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twilio_openai.rehearsal import mulaw, speech
from twilio_openai.rehearsal.mulaw import BYTES_PER_MS
from twilio_openai.rehearsal.speech import Speech, Word

_KEY_BYTES = 160


@dataclass
class Hearing:
    """How well and how fast the caller is understood. Turns count from 0."""

    recordings: Sequence[Speech] = field(default_factory=speech.load_all)
    delay_ms: float | Sequence[float] = 250.0
    """From the commit; a sequence gives one for each turn (out of order), the last one for the rest."""
    unknown: str | None = None
    """The transcript of audio that no recording matches; None: the transcription fails."""
    fails: Collection[int] = ()
    """Turns whose transcription fails."""
    never: Collection[int] = ()
    """Turns whose transcription never comes."""

    def __post_init__(self) -> None:
        self._known = [(recording, _keys(recording)) for recording in self.recordings]

    def delay_of(self, turn: int) -> float:
        if isinstance(self.delay_ms, int | float):
            return float(self.delay_ms)
        return float(self.delay_ms[min(turn, len(self.delay_ms) - 1)])

    def recognise(self, audio: bytes) -> str | None:
        """The words of mu-law audio; None if there are none."""
        found = [heard for recording, keys in self._known for heard in _words_in(audio, recording, keys)]
        return " ".join(word for _, word in sorted(found)) or self.unknown


def _words_in(audio: bytes, recording: Speech, keys: Sequence[bytes]) -> list[tuple[int, str]]:
    """(place, word) for the words of a recording that occur in the audio, each behind the one before."""
    found, place = list[tuple[int, str]](), 0
    for word, key in zip(recording.words, keys, strict=True):
        at = audio.find(key, place)
        if at >= 0:
            found.append((at, word.text))
            place = at
    return found


@cache
def _keys(recording: Speech) -> tuple[bytes, ...]:
    """20 ms of every word, where it is loudest."""
    energy = np.concatenate(([0.0], np.cumsum(mulaw.decode(recording.audio) ** 2)))
    return tuple(_loudest(recording, word, energy) for word in recording.words)


def _loudest(recording: Speech, word: Word, energy: NDArray[np.float64]) -> bytes:
    """`energy` is the sum of all squares up to each sample."""
    start, end = round(word.start_ms * BYTES_PER_MS), round(word.end_ms * BYTES_PER_MS)
    places = np.arange(start, max(start + 1, end - _KEY_BYTES))
    loudest = start + int(np.argmax(energy[places + _KEY_BYTES] - energy[places]))
    return recording.audio[loudest : loudest + _KEY_BYTES]
