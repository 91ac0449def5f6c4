"""Dates: June 15, 15 June, 14 mai, 15. Juni, 1 de mayo, 03/12/2025, 2024.

The day beside a month's name is said as an ordinal in English and German, as a number (the first excepted) elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .lexicon import MONTHS
from .numbers import cardinal, ordinal, pairs
from .phrase import Phrase, Token, one_word

DAY = re.compile(r"(\d{1,2})\.?")
ENDINGS = {"en": "st|nd|rd|th", "es": "[ºo]", "de": "", "fr": "er", "it": "[°º]"}
NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2})?)?")
YEAR = re.compile(r"(1[1-9]|20)\d\d")
FIRST = {"es": "primero", "fr": "premier", "it": "primo"}


def day(tokens: Sequence[Token], language: str, before: str) -> Phrase | None:
    """The day of a month whose name stands before it ("June 15") or behind it ("14 mai", "15. Juni", "1 de mayo")."""
    match = DAY.fullmatch(tokens[0].core)
    if match is None or not 1 <= int(match[1]) <= 31:
        return None
    after = [token.core for token in tokens[1:3] if token.core not in ("de", "of")][:1]
    if before not in MONTHS[language] and (not after or after[0] not in MONTHS[language]):
        return None
    return one_word(*_day_forms(int(match[1]), language))


def _day_forms(number: int, language: str) -> list[str]:
    plain = cardinal(number, language)
    if language == "en":
        return [ordinal(number, language), plain, f"the {ordinal(number, language)}"]
    if language == "de":
        stem = ordinal(number, language)
        return [f"{stem}n", f"{stem}r", stem, plain]
    return [FIRST[language], plain] if number == 1 else [plain]


def numeric_date(tokens: Sequence[Token], language: str) -> Phrase | None:
    """ "12/03/2025" or "15.6.": day and month, the month by name or by number, then the year."""
    match = NUMERIC.fullmatch(tokens[0].core)
    if match is None or (match[2] == "." and language != "de") or (match[4] is None and match[2] == "-"):
        return None
    first, second = int(match[1]), int(match[3])
    if not (1 <= first <= 31 and 1 <= second <= 31):
        return None
    year = f" {year_forms(match[4], language)[0]}" if match[4] else ""
    forms = [form for form in (_named(first, second, language), _by_number(first, second, language)) if form]
    return one_word(*(form + year for form in forms))


def _named(first: int, second: int, language: str) -> str:
    number, month = (second, first) if language == "en" else (first, second)
    if month > 12:
        return ""
    name = MONTHS[language][month - 1]
    said = _day_forms(number, language)[0]
    link = " de " if language == "es" else " "
    return f"{name} {said}" if language == "en" else f"{said}{link}{name}"


def _by_number(first: int, second: int, language: str) -> str:
    if language == "de":
        return f"{ordinal(first, language)}r {ordinal(second, language)}r"
    return f"{cardinal(first, language)} {cardinal(second, language)}"


def year(tokens: Sequence[Token], language: str, before: str) -> Phrase | None:
    """Four digits after a month or its day are a year rather than a code."""
    if not YEAR.fullmatch(tokens[0].core) or not _dates_a_year(before, language):
        return None
    return one_word(*year_forms(tokens[0].core, language))


def _dates_a_year(before: str, language: str) -> bool:
    return before in MONTHS[language] or before in ("in", "en", "del", "nel", "since", "jahr", "anno", "año", "année")


def year_forms(text: str, language: str) -> list[str]:
    """The ways to say a year of two or four digits."""
    if len(text) == 2:
        return [pairs(text, language), cardinal(2000 + int(text), language)]
    whole = cardinal(int(text), language)
    if language == "en":
        return [pairs(text, language), whole] if text[2] != "0" else [whole.replace(" and ", " "), whole]
    if language == "de" and text[0] == "1":
        return [f"{cardinal(int(text[:2]), 'de')}hundert{cardinal(int(text[2:]), 'de')}"]
    return [whole]
