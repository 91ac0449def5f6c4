"""Abbreviations and signs that stand as a word: Dr., Ave., z.B., &, 9 h."""

from __future__ import annotations

from collections.abc import Sequence

from .lexicon import ABBREVIATIONS, SYMBOLS
from .phrase import EDGES, Phrase, Token, one_word


def abbreviation(tokens: Sequence[Token], language: str) -> Phrase | None:
    """A known abbreviation, with its full stop or (where that is no other word) without."""
    known = ABBREVIATIONS[language]
    core = tokens[0].core
    bare = core.rstrip(".")
    found = known.get(core) or (known.get(bare) if core != bare else None)
    return one_word(*found, certain=True) if found else None


def sign(tokens: Sequence[Token], language: str) -> Phrase | None:
    """A word that is only a sign."""
    stripped = tokens[0].written.strip("\"'()[]«»“”,;:!?.…")
    if len(stripped) == 1 and stripped in SYMBOLS[language] and stripped not in EDGES + "./_":
        return one_word(SYMBOLS[language][stripped], certain=True)
    return None
