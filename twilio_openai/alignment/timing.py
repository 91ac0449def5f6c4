"""From the placed segments of a path to the start and end of each written word.

Rules: a word has ended only where its last sound was reached; unforeseen speech belongs to the word before it; a word
without sounds of its own ends with the word before it, or at the next word's start where none is before it. Where the
audio stops before the text does, no word behind the last one with a sound in it was reached.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lattice import NO_WORD, Kind
from .tails import died_away
from .viterbi import Path


class Span(NamedTuple):
    """A word's first frame and the frame behind its last; infinite where the audio does not reach them."""

    start: float
    end: float


NEVER = Span(math.inf, math.inf)


def spans(path: Path, words: int, levels: NDArray[np.float64]) -> list[Span]:
    """Per written word. `levels`: log power per frame, for the tails before pauses."""
    sounded = _sounded(path, levels)
    found: list[Span] = []
    reached = max(sounded, default=-1)
    for word in range(words):
        previous = found[-1].end if found else _first_start(path)
        silent = Span(previous, previous) if word <= reached or path.finished else NEVER
        found.append(sounded.get(word, silent))
    return found


def _sounded(path: Path, levels: NDArray[np.float64]) -> dict[int, Span]:
    found: dict[int, Span] = {}
    closed: set[int] = set()
    for position, (segment, start, end) in enumerate(path.placed):
        word = segment.word
        if word == NO_WORD or (segment.kind is Kind.UNFORESEEN and start == end):
            continue
        if segment.closes:
            closed.add(word)
        following = _next_sound(path, position, len(levels))
        first = found[word].start if word in found else start
        over = word in closed or (segment.kind is Kind.UNFORESEEN and (path.finished or end < len(levels)))
        found[word] = Span(first, died_away(levels, end, following) if over else math.inf)
    return found


def _next_sound(path: Path, position: int, frames: int) -> int:
    """Where the next segment with a sound of its own starts."""
    for segment, start, end in path.placed[position + 1 :]:
        if segment.word != NO_WORD and end > start:
            return start
    return frames


def _first_start(path: Path) -> float:
    return next((float(one.start) for one in path.placed if one.segment.word != NO_WORD), float(path.placed[-1].end))
