"""Spelling -> how it is said.

Rules, in this order, the first that applies wins: address, money, time of day, date, number, code, abbreviation, sign,
spelled letters, and otherwise the word as it is written. Each may offer several readings; the audio decides among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from .abbreviations import abbreviation, sign
from .codes import mixed, spelled
from .dates import day, numeric_date, year
from .email import address
from .lexicon import ABBREVIATIONS
from .money import money
from .numbers import number
from .phrase import Phrase, Reading, Token, one_word, token
from .times import time_of_day

__all__ = ["Phrase", "Reading", "pause_ms", "phrases"]

NOT_SAID = re.compile(r"[^\w' ]|_")
# How long people stop at a sign, from the median pauses of the recordings in benchmarks/heard (ms).
PAUSES_MS = {".": 330.0, "?": 330.0, "!": 330.0, ";": 250.0, ":": 250.0, ",": 170.0, "—": 200.0, "–": 150.0, "…": 400.0}
CLOSING = "\"')]»”’"


def phrases(words: Sequence[str], language: str) -> list[Phrase]:
    """The phrases of a text's written words, which they cover in order and completely."""
    tokens = [token(word) for word in words]
    found: list[Phrase] = []
    at = 0
    while at < len(tokens):
        before = tokens[at - 1].core if at else ""
        found.append(_phrase(tuple(tokens[at : at + 3]), language, before))
        at += found[-1].words
    return found


@lru_cache(8192)
def _phrase(tokens: tuple[Token, ...], language: str, before: str) -> Phrase:
    return (
        address(tokens, language)
        or money(tokens, language)
        or time_of_day(tokens, language)
        or day(tokens, language, before)
        or year(tokens, language, before)
        or numeric_date(tokens, language)
        or number(tokens, language)
        or abbreviation(tokens, language)
        or mixed(tokens, language)
        or sign(tokens, language)
        or spelled(tokens, language)
        or one_word(NOT_SAID.sub(" ", tokens[0].core), certain=True)
    )


def pause_ms(word: str, language: str) -> float:
    """The pause to expect after a written word, from its last sign; 0 where none is expected."""
    end = word.rstrip(CLOSING)
    if re.fullmatch(r"[^\W\d_]\.", end) or end.lower() in ABBREVIATIONS.get(language, {}):
        return 0.0
    if end.endswith("..."):
        return PAUSES_MS["…"]
    return PAUSES_MS.get(end[-1:], 0.0)
