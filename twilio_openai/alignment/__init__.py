"""Which words of an answer end where in its audio: `align` by their sounds, `estimate` by loudness and weights.

Pure functions of text and audio; nothing is kept from one answer to the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from . import confidence, estimation, segmental
from .alignment import ALIGNED, CAREFUL, ESTIMATED, Alignment, in_order, nothing_reached
from .language import known, readable
from .table import Table, shipped
from .timing import Span

__all__ = ["Alignment", "align", "estimate"]


def align(
    text: str, audio: bytes, language: str | None = "en", complete: bool = True, table: Table | None = None
) -> Alignment:
    """The text's words on the audio's time line, by their sounds.

    `audio`: mu-law, 8000 bytes per second. `complete`: whether text and audio hold the whole answer; otherwise
    generation was stopped, and words of the text that the audio does not reach end at infinity. English, Spanish,
    German, French and Italian ("en", "en-US", "EN"); any other language or script gets the estimate. Where the sounds
    hardly fit the text, each word ends at the later of both. Never raises for any text or audio.
    `table`: of a voice, in place of the shipped one.
    """
    words = tuple(text.split())
    code = known(language)
    if code is None or not readable(text) or not words:
        return estimate(text, audio, language, complete)
    found = segmental.find(words, audio, code, complete, table or shipped())
    if found is None:
        return estimate(text, audio, language, complete)
    sure = confidence.aligned(found.score_per_frame)
    aligned = _alignment(words, found.spans, segmental.FRAME_MS, sure, ALIGNED)
    return aligned if sure >= confidence.DOUBTFUL else _careful(aligned, estimate(text, audio, language, complete))


def estimate(text: str, audio: bytes, language: str | None = "en", complete: bool = True) -> Alignment:
    """The same by pauses and weights alone: quick, for any language and script, and right far less often."""
    words = tuple(text.split())
    if not words:
        return Alignment((), (), (), 1.0, ESTIMATED)
    code = known(language)
    found = estimation.find(words, audio, code, complete)
    if found is None:
        return nothing_reached(words, ESTIMATED, confidence.SILENT)
    readily = code is not None and readable(text)
    sure = confidence.ESTIMATED if readily else confidence.UNREADABLE
    return _alignment(words, found.spans, estimation.FRAME_MS, sure, ESTIMATED)


def _alignment(words: tuple[str, ...], spans: Sequence[Span], frame_ms: float, sure: float, method: str) -> Alignment:
    ends = in_order([span.end * frame_ms for span in spans])
    starts = tuple(min(span.start * frame_ms, end) for span, end in zip(spans, ends, strict=True))
    return Alignment(words, ends, starts, sure, method)


def _careful(aligned: Alignment, estimated: Alignment) -> Alignment:
    """Word by word the later end: a word that was not heard must not be claimed."""
    later = tuple(map(max, aligned.ends_ms, estimated.ends_ms))
    starts = tuple(start if math.isfinite(end) else end for start, end in zip(aligned.starts_ms, later, strict=True))
    return Alignment(aligned.words, later, starts, aligned.confidence, CAREFUL)
