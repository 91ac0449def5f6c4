"""The shape of a spoken form: written words beside the ways in which they may be said.

A rule looks at the written words from one place on and returns a `Phrase` for the first few of them, or None where it
does not apply. A reading gives each written word its spoken words; a written word whose share is empty ("€" in "24,90
€", said "vierundzwanzig Euro neunzig") ends together with the word before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import normalize

# What stands around a word in print and is never said.
EDGES = "\"'()[]{}<>¿¡«»“”„‚‘’*,;:?!…—–-"

Reading = tuple[str, ...]

NEGATIVE = re.compile(r"[-\u2212]\d")

LONGEST_WORD = 80
"""Characters; what is longer (a hash, a link) is not read out whole, and would only cost time."""

# More readings than this cost time and gain nothing: the rarer ones are caught as unforeseen speech.
MOST_READINGS = 6


@dataclass(frozen=True, slots=True)
class Token:
    """One written word."""

    written: str
    core: str
    """Lower case, without the punctuation around it."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One or more written words and their readings, the likeliest first."""

    readings: tuple[Reading, ...]
    certain: bool = True
    """False where people may say it in words that no reading has (numbers)."""

    @property
    def words(self) -> int:
        """How many written words the phrase covers."""
        return len(self.readings[0])


def token(written: str) -> Token:
    """A written word and its core; a full stop stays where it may be an abbreviation's."""
    plain = normalize("NFKC", written).replace("\u2019", "'").replace("\u2010", "-")
    core = normalize("NFC", plain.lower()).strip(EDGES)
    if NEGATIVE.match(plain):
        core = f"-{core}"
    return Token(plain[:LONGEST_WORD], core[:LONGEST_WORD])


def phrase(readings: Iterable[Sequence[str]], certain: bool = True) -> Phrase:
    """A phrase of the distinct readings, in their order, at most `MOST_READINGS`."""
    distinct = dict.fromkeys(tuple(" ".join(word.split()) for word in reading) for reading in readings)
    return Phrase(tuple(distinct)[:MOST_READINGS], certain)


def one_word(*readings: str, certain: bool = False) -> Phrase:
    """A phrase of one written word."""
    return phrase(((reading,) for reading in readings), certain)
