"""What is to be found in the audio, in order: sounds, pauses, and where there is more than one reading, branches.

A `Slot` is a choice among branches, a branch a sequence of segments. Between words stands a pause that may be empty.
After a word that people say in more ways than we foresee (a number) stands unforeseen speech, which may be empty too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

from .spoken import Phrase, pause_ms

NO_WORD = -1
SILENCE, UNFORESEEN, FIRST_SOUND = 0, 1, 2
"""Columns of the scores: silence, speech of any kind, and from there on the sounds."""


class Kind(Enum):
    """How a segment's duration is judged."""

    SOUND = auto()
    """Log-normal around the expected duration at the answer's pace."""
    FINAL = auto()
    """The same for the last sounds of a phrase, which speakers draw out."""
    PAUSE = auto()
    """An unlikely pause, between words without a sign."""
    STOP = auto()
    """A likely pause, at punctuation."""
    EDGE = auto()
    """Silence before the first and after the last word."""
    UNFORESEEN = auto()
    """Speech that no reading has."""


class Sound(NamedTuple):
    """One sound of a spoken word."""

    column: int
    """Its column in the scores."""
    expected_ms: float
    """Its duration at an average pace."""
    spread: float
    """Standard deviation of log(duration / expected)."""


class Segment(NamedTuple):
    """One stretch of audio of one class."""

    kind: Kind
    column: int
    """Its column in the scores."""
    expected_ms: float = 0.0
    spread: float = 0.0
    """Standard deviation of log(duration / expected)."""
    word: int = NO_WORD
    """The written word that it belongs to."""
    closes: bool = False
    """Whether it is the last sound of its written word."""


Branch = tuple[Segment, ...]
Slot = tuple[Branch, ...]

Voice = Callable[[str], Sequence[Sound]]
"""How a spoken word sounds."""

EDGE_SLOT: Slot = ((Segment(Kind.EDGE, SILENCE),),)


def lattice(words: Sequence[str], found: Sequence[Phrase], language: str, voice: Voice) -> list[Slot]:
    """The slots of a text's written words and their phrases, from the silence before to the silence after."""
    slots = [EDGE_SLOT]
    behind = 0
    for phrase in found:
        first, behind = behind, behind + phrase.words
        likely = pause_ms(words[behind - 1], language) > 0
        last = behind == len(words)
        slots.append(
            tuple(_branch(phrase, reading, first, voice, likely or last) for reading in range(len(phrase.readings)))
        )
        if not phrase.certain:
            slots.append(((Segment(Kind.UNFORESEEN, UNFORESEEN, word=behind - 1),),))
        slots.append(EDGE_SLOT if last else _pause(likely))
    return slots


def _pause(likely: bool) -> Slot:
    return ((Segment(Kind.STOP if likely else Kind.PAUSE, SILENCE),),)


def _branch(phrase: Phrase, reading: int, first: int, voice: Voice, drawn: bool) -> Branch:
    segments: list[Segment] = []
    for offset, spoken in enumerate(phrase.readings[reading]):
        segments += _word(spoken.split(), first + offset, voice, pauses=not phrase.certain)
    return drawn_out(segments) if drawn else tuple(segments)


def _word(spoken: Sequence[str], word: int, voice: Voice, pauses: bool) -> Iterator[Segment]:
    for position, part in enumerate(spoken):
        if position and pauses:
            yield Segment(Kind.PAUSE, SILENCE)
        sounds = voice(part)
        for place, sound in enumerate(sounds):
            closes = position == len(spoken) - 1 and place == len(sounds) - 1
            yield Segment(Kind.SOUND, *sound, word, closes)


def drawn_out(segments: Sequence[Segment], count: int = 2) -> Branch:
    """The same segments, the last `count` of them drawn out where they are sounds."""
    kept, last = segments[:-count], segments[-count:]
    return (*kept, *(one._replace(kind=Kind.FINAL) if one.kind is Kind.SOUND else one for one in last))


def expected_ms(slots: Sequence[Slot]) -> float:
    """How long the sounds of the likeliest readings last at an average pace."""
    return sum(one.expected_ms for slot in slots for one in slot[0])
