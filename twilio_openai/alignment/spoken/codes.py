"""Codes and telephone numbers, said sign by sign: B7X42, 555-0142, 12a, A-113, K, USB."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .lexicon import LETTERS, SPELLED, SYMBOLS
from .numbers import cardinal, digits, letter, one_by_one, pairs
from .phrase import Phrase, Token, one_word

PIECES = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
VOWELS = re.compile(r"[aeiouyàáâäèéêëìíîïòóôöùúûüœæ]", re.IGNORECASE)
MURMURS = frozenset(["hm", "hmm", "mm", "mmm", "mhm", "shh", "psst", "brr", "pst", "tss"])
# One-letter words that are said as words.
WORDS_OF_ONE_LETTER = {"en": "ai", "es": "yaeou", "de": "", "fr": "yaàôo", "it": "eaoè"}


def mixed(tokens: Sequence[Token], language: str) -> Phrase | None:
    """Letters, digits and signs in one word."""
    core = tokens[0].core
    if not any(character.isdecimal() for character in core):
        return None
    pieces = PIECES.findall(core)
    telephone = all(piece.isdecimal() or piece in "-().+ /" for piece in pieces)
    return one_word(*(_said(pieces, language, way, telephone) for way in range(3)))


def _said(pieces: Sequence[str], language: str, way: int, telephone: bool) -> str:
    return " ".join(part for piece in pieces for part in _piece(piece, language, way, telephone))


def _piece(piece: str, language: str, way: int, telephone: bool) -> Iterator[str]:
    if piece.isdecimal():
        yield _digits(piece, language, way, telephone)
    elif piece.isalpha():
        yield " ".join(letter(character, language) for character in piece) if len(piece) <= 3 else piece
    elif not telephone and piece in "/_@&+#":
        yield SYMBOLS[language].get(piece, "")
    elif telephone and piece == "+":
        yield SYMBOLS[language]["+"]


def _digits(text: str, language: str, way: int, telephone: bool) -> str:
    """Way 0: as people usually say it; 1: digit by digit, zero by its name; 2: in pairs."""
    round_number = telephone and text.endswith("00") and len(text) == 3
    if way != 1 and (round_number or (len(text) <= 2 and text[0] != "0")):
        return cardinal(int(text), language)
    if way == 0:
        return one_by_one(text, language)[0]
    return digits(text, language) if way == 1 else pairs(text, language)


def spelled(tokens: Sequence[Token], language: str) -> Phrase | None:
    """A single capital letter, a word of capitals that cannot be read or never is, letters with hyphens (K-O-W)."""
    core = tokens[0].core.rstrip(".")
    letters = [character for character in tokens[0].written if character.isalpha()]
    if len(letters) == 1 and len(core) == 1:
        return _single(core, letters[0].isupper(), language)
    if not letters or core in MURMURS:
        return None
    if not all(character.isupper() for character in letters):
        unreadable = core.isalpha() and 1 < len(core) <= 5 and not VOWELS.search(core)
        return one_word(_letters(core, language), certain=True) if unreadable else None
    apart = re.fullmatch(r"\w(?:[-.]\w)+", core)
    word = "".join(letters)
    if apart or word in SPELLED or (len(word) <= 5 and not VOWELS.search(word)):
        return one_word(_letters(word.lower(), language), certain=True)
    if len(word) <= 3:
        return one_word(core, _letters(word.lower(), language), certain=True)
    return None


def _letters(word: str, language: str) -> str:
    return " ".join(letter(character, language) for character in word)


def _single(core: str, capital: bool, language: str) -> Phrase | None:
    if core not in LETTERS[language]:
        return None
    if core in WORDS_OF_ONE_LETTER[language]:
        return (
            None
            if not capital or language != "en" or core != "a"
            else one_word(core, letter(core, language), certain=True)
        )
    return one_word(letter(core, language), certain=True) if capital else None
