"""What an alignment is: where each written word ends in the audio.

Rules: a word counts as heard only when all of its speech has been played; words are heard in order, so the count
stops at the first word that was not; a word that this audio does not reach ends at infinity and can never be heard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ALIGNED, ESTIMATED, CAREFUL = "aligned", "estimated", "careful"


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of one answer on the time line of its audio (ms from the audio's first byte)."""

    words: tuple[str, ...]
    """The text's words as written: `text.split()`."""
    ends_ms: tuple[float, ...]
    """End of each word's speech; `math.inf` where this audio stops before the word does. Never decreasing."""
    starts_ms: tuple[float, ...]
    """Start of each word's speech; `math.inf` where this audio stops before it."""
    confidence: float
    """0..1; below 0.5 the ends are doubtful."""
    method: str
    """"aligned" (sounds), "estimated" (pauses and weights) or "careful" (the later end of both, word by word)."""

    def heard(self, played_ms: float) -> int:
        """How many leading words have been played to their end at `played_ms`."""
        return next((index for index, end in enumerate(self.ends_ms) if end > played_ms), len(self.words))


def in_order(ends_ms: Sequence[float]) -> tuple[float, ...]:
    """The same ends, none earlier than the one before it."""
    ordered: list[float] = []
    latest = 0.0
    for end in ends_ms:
        latest = max(latest, end)
        ordered.append(latest)
    return tuple(ordered)


def nothing_reached(words: tuple[str, ...], method: str, confidence: float) -> Alignment:
    """No word has a place in this audio (there is no sound in it)."""
    never = (math.inf,) * len(words)
    return Alignment(words, never, never, confidence, method)
