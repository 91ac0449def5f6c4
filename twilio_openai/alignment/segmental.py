"""The alignment by sounds: text to lattice, audio to scores, one dynamic programme, and the words' ends.

The pace of the answer is estimated from its amount of speech. While it is still being generated the text runs ahead
of the audio, so that the audio may end anywhere in the lattice and a second pass runs at the pace that the first one
found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import log_mel, loudness, normalised
from .lattice import SILENCE, UNFORESEEN, Slot, expected_ms, lattice
from .spoken import phrases
from .table import Table
from .timing import Span, spans
from .viterbi import Path, Weights, best_path

WEIGHTS = Weights()
FRAME_MS = 10.0
USUAL_PACE = 0.1
"""Frames of 10 ms per expected ms at an average pace."""
SLOWEST, FASTEST = 0.2, 0.05
"""Bounds of the pace: half and twice the average speed."""
ENOUGH_FRAMES = 150
"""Frames of speech below which the first pass says nothing about the pace."""
SAME_PACE = 0.1
"""Logarithm of the ratio of paces below which a second pass would change nothing."""


@dataclass(frozen=True)
class Found:
    """The words' spans in frames, and how well they fit."""

    spans: list[Span]
    score_per_frame: float


def find(words: Sequence[str], audio: bytes, language: str, complete: bool, table: Table) -> Found | None:
    """The words' places by their sounds, or None where no way through the audio was found."""
    bands = log_mel(audio)
    if not len(bands):
        return None
    scores = table.scores(normalised(bands, table.colour))
    slots = lattice(words, phrases(words, language), language, table.voice(language))
    path = _complete(slots, scores) if complete else _unfinished(slots, scores)
    return Found(spans(path, len(words), loudness(bands)), path.score / len(bands)) if path else None


def _complete(slots: Sequence[Slot], scores: NDArray[np.float64]) -> Path | None:
    speech = int(np.count_nonzero(scores[:, UNFORESEEN] > scores[:, SILENCE]))
    return best_path(slots, scores, _bounded(speech, expected_ms(slots)), False, WEIGHTS)


def _unfinished(slots: Sequence[Slot], scores: NDArray[np.float64]) -> Path | None:
    path = best_path(slots, scores, USUAL_PACE, True, WEIGHTS)
    if path is None:
        return None
    frames = sum(end - start for segment, start, end in path.placed if segment.expected_ms)
    if frames < ENOUGH_FRAMES:
        return path
    pace = _bounded(frames, sum(one.segment.expected_ms for one in path.placed))
    if abs(math.log(pace / USUAL_PACE)) < SAME_PACE:
        return path
    return best_path(slots, scores, pace, True, WEIGHTS) or path


def _bounded(frames: float, expected: float) -> float:
    return min(SLOWEST, max(FASTEST, max(1.0, frames) / max(1.0, expected)))
