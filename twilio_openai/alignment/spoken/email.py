"""E-mail and web addresses: "j.smith@acme.com" = jay dot smith at acme dot com."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .lexicon import HYPHEN, SYMBOLS
from .numbers import integer, letter
from .phrase import Phrase, Token, one_word

ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)\S+|[\w-]+\.(?:com|org|net|es|de|fr|it|eu|io|info|co)(?:/\S*)?"
)
PIECES = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
# Read as a word even without a vowel, or never spelt.
READ_AS_WORDS = frozenset(["com", "org", "net", "info", "gmail", "outlook", "hotmail"])
VOWEL = re.compile(r"[aeiouyäöüáéíóúàèùê]")


def address(tokens: Sequence[Token], language: str) -> Phrase | None:
    """An e-mail or a web address."""
    core = tokens[0].core.rstrip(".")
    if not ADDRESS.fullmatch(core):
        return None
    core = re.sub(r"^https?://", "", core)
    return one_word(" ".join(part for piece in PIECES.findall(core) for part in _piece(piece, language)))


def _piece(piece: str, language: str) -> Iterator[str]:
    if piece.isdecimal():
        yield integer(piece, language)[0]
    elif piece == "-":
        yield HYPHEN[language]
    elif not piece.isalpha():
        yield SYMBOLS[language].get(piece, "")
    elif piece in READ_AS_WORDS or (len(piece) > 2 and VOWEL.search(piece)):
        yield piece
    else:
        yield " ".join(letter(character, language) for character in piece)
