"""Numbers without a unit: 4, 1420, 1,250, 3.5, 12th, 20 %, 0142.

Languages differ in the decimal sign (English "." and elsewhere ","); a year, a house or a flat number may be said in
pairs, a long number or one with a leading zero digit by digit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from num2words import num2words

from .lexicon import LETTERS, POINT, SYMBOLS
from .phrase import Phrase, Token, one_word

PLAIN = re.compile(r"([-+]?)(\d+(?:[.,'\u202f]\d{3})*)(?:([.,])(\d+))?(%?)")
ORDINAL = {
    "en": re.compile(r"(\d+)(?:st|nd|rd|th)"),
    "es": re.compile(r"(\d+)\.?[ºªo]"),
    "de": re.compile(r"(\d+)\."),
    "fr": re.compile(r"(\d+)(?:er|ère|re|e|ème|nd|nde)"),
    "it": re.compile(r"(\d+)[°ºª]"),
}
LONGEST_CARDINAL = 9
"""Digits; longer ones are said digit by digit."""
LONGEST_NUMBER = 24
"""Characters; whatever is longer is no number but a code."""


@lru_cache(4096)
def cardinal(number: int, language: str) -> str:
    """The number in words, without hyphens and commas; a number too long for words, digit by digit."""
    if number >= 10**LONGEST_CARDINAL:
        return digits(str(number), language)
    return _clean(num2words(number, lang=language))


@lru_cache(1024)
def ordinal(number: int, language: str) -> str:
    """The ordinal in words ("twelfth", "duodécimo")."""
    return _clean(num2words(number, lang=language, to="ordinal"))


def _clean(spoken: str) -> str:
    return " ".join(re.sub(r"[-,]", " ", spoken.lower()).split())


def digits(text: str, language: str, zero: str | None = None) -> str:
    """Each digit on its own; `zero` replaces the usual word for 0."""
    return " ".join(zero if zero and digit == "0" else cardinal(int(digit), language) for digit in text)


def pairs(text: str, language: str) -> str:
    """Two digits at a time from the right: 1420 = fourteen twenty, 210 = two ten, 905 = nine oh five."""
    cut = [text[:1]] * (len(text) % 2) + [text[i : i + 2] for i in range(len(text) % 2, len(text), 2)]
    return " ".join(_pair(part, language) for part in cut)


def _pair(text: str, language: str) -> str:
    if len(text) == 2 and text[0] == "0":
        return digits(text, language, "oh" if language == "en" else None)
    return cardinal(int(text), language)


def one_by_one(text: str, language: str) -> list[str]:
    """The ways to say a code's digits, the usual one first."""
    usual = digits(text, language)
    return [digits(text, language, "oh"), usual] if language == "en" and "0" in text else [usual]


def integer(text: str, language: str) -> list[str]:
    """The ways to say a string of digits, the likeliest first."""
    if len(text) > LONGEST_CARDINAL:
        return one_by_one(text, language)
    if len(text) == 1:
        return [cardinal(int(text), language)]
    if text[0] == "0":
        return [*one_by_one(text, language), pairs(text, language)]
    whole = cardinals(int(text), language)
    if len(text) == 2:
        return whole
    in_pairs = pairs(text, language)
    if len(text) > 4:
        return [*one_by_one(text, language), *whole, in_pairs]
    if (language == "en" and text[-2:] != "00") or (language == "fr" and len(text) > 4):
        return [in_pairs, *whole, *one_by_one(text, language)]
    return [*whole, *one_by_one(text, language), in_pairs]


def cardinals(number: int, language: str) -> list[str]:
    """English says 248 with and without "and"; elsewhere there is one way."""
    usual = cardinal(number, language)
    return [usual.replace(" and ", " "), usual] if language == "en" and " and " in usual else [usual]


def grouped(text: str) -> str:
    """The digits of "1,248" or "1.248"."""
    return re.sub(r"\D", "", text)


def split_number(core: str, language: str) -> tuple[str, str] | None:
    """(whole digits, decimal digits) of "1,248.60" or, outside English, "1.248,60"; None if it is no number."""
    decimal, group = (".", ",") if language == "en" else (",", ".")
    match = re.fullmatch(rf"(\d{{1,3}}(?:[{group}'\u202f]\d{{3}})+|\d+)(?:[{decimal}](\d+))?", core)
    if match is None:
        match = re.fullmatch(r"(\d+)[.,](\d{1,2})", core)
    if match is None or len(match[0]) > LONGEST_NUMBER:
        return None
    return grouped(match[1]), match[2] or ""


def fraction(text: str, language: str) -> list[str]:
    """The ways to say the digits after the decimal sign."""
    by_digit = one_by_one(text, language)
    return (
        by_digit if language == "en" or text[0] == "0" or len(text) > 3 else [cardinal(int(text), language), *by_digit]
    )


def number(tokens: Sequence[Token], language: str) -> Phrase | None:
    """A plain number, a per cent, an ordinal; "20 %" keeps the sign as its own word."""
    core = tokens[0].core
    sign = {"-": "minus", "+": "plus"}.get(core[:1], "") if core[1:2].isdecimal() else ""
    core = core.lstrip("+-")
    percent = SYMBOLS[language]["%"] if core.endswith("%") else ""
    core = core.rstrip("%")
    ordinary = ORDINAL[language].fullmatch(core)
    if ordinary and len(ordinary[1]) <= 4:
        return _ordinal(int(ordinary[1]), language)
    core = core.rstrip(".")
    parts = split_number(core, language)
    if parts is None:
        return None
    if tokens[0].written.startswith("(") and not parts[1]:  # an area code
        return one_word(*one_by_one(parts[0], language), *integer(parts[0], language))
    return one_word(*(f"{sign} {form} {percent}" for form in _forms(*parts, core, language)))


def _ordinal(value: int, language: str) -> Phrase:
    return one_word(ordinal(value, language), cardinal(value, language))


def _forms(whole: str, decimals: str, core: str, language: str) -> list[str]:
    if decimals:
        point = POINT[language]
        return [f"{cardinal(int(whole), language)} {point} {rest}" for rest in fraction(decimals, language)]
    if len(whole) < len(core):
        return cardinals(int(whole), language)
    return integer(whole, language)


def letter(character: str, language: str) -> str:
    """The name of a letter, or the letter itself where it has no name here."""
    return LETTERS[language].get(character, character)
