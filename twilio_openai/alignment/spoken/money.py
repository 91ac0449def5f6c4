"""Amounts: $9.05, 18,50 €, €24.90, £5.

The sign may stand before the number, behind it, or as the next written word; people name the coin ("and five cents"),
only the number behind the comma ("Euro neunzig"), or neither ("nine oh five").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..tables import listed
from .numbers import cardinal, cardinals, digits, pairs, split_number
from .phrase import Phrase, Reading, Token, one_word, phrase

# Sign -> (one, many, one coin, coins).
Names = tuple[str, str, str, str]
MONEY: dict[str, dict[str, Names]] = {
    "en": {
        "$": ("dollar", "dollars", "cent", "cents"),
        "€": ("euro", "euros", "cent", "cents"),
        "£": ("pound", "pounds", "penny", "pence"),
    },
    "es": {
        "$": ("dólar", "dólares", "centavo", "centavos"),
        "€": ("euro", "euros", "céntimo", "céntimos"),
        "£": ("libra", "libras", "penique", "peniques"),
    },
    "de": {
        "$": ("dollar", "dollar", "cent", "cent"),
        "€": ("euro", "euro", "cent", "cent"),
        "£": ("pfund", "pfund", "penny", "pence"),
    },
    "fr": {
        "$": ("dollar", "dollars", "cent", "cents"),
        "€": ("euro", "euros", "centime", "centimes"),
        "£": ("livre", "livres", "penny", "pence"),
    },
    "it": {
        "$": ("dollaro", "dollari", "centesimo", "centesimi"),
        "€": ("euro", "euro", "centesimo", "centesimi"),
        "£": ("sterlina", "sterline", "penny", "pence"),
    },
}
WORDS = {
    "euro": "€",
    "euros": "€",
    "eur": "€",
    "dollars": "$",
    "dólares": "$",
    "dollar": "$",
    "dollari": "$",
    "usd": "$",
}
AND = {"en": "and", "es": "con", "de": "und", "fr": "et", "it": "e"}
ONE = {"en": "one", "es": "un", "de": "ein", "fr": "un", "it": "un"}
MAGNITUDES = frozenset(
    listed("k thousand million billion mil millón millones tausend millionen mille millions mila milione milioni")
)
SIGNED = re.compile(r"(?:([$€£])(.+)|(.+?)([$€£]))")


def money(tokens: Sequence[Token], language: str) -> Phrase | None:
    """An amount whose sign is in the word or is the next word."""
    match = SIGNED.fullmatch(tokens[0].core.rstrip("."))
    if match:
        amount = split_number(match[2] or match[3], language)
        following = tokens[1].core if len(tokens) > 1 else ""
        return _signed(amount, MONEY[language][match[1] or match[4]], language, following) if amount else None
    return _sign_apart(tokens, language)


def _signed(amount: tuple[str, str], names: Names, language: str, following: str) -> Phrase:
    if following in MAGNITUDES:
        number, unit = _bare(amount, language), names[1]
        return phrase([(number, f"{following} {unit}"), (f"{number} {unit}", following)], certain=False)
    return one_word(*_together(amount, names, language))


def _sign_apart(tokens: Sequence[Token], language: str) -> Phrase | None:
    """ "18,50" "€": the second word is only the sign or the currency's name."""
    if len(tokens) < 2 or not tokens[0].core[:1].isdecimal():
        return None
    sign = tokens[1].core.rstrip(".")
    sign = WORDS.get(sign, sign)
    amount = split_number(tokens[0].core, language)
    if amount is None or sign not in MONEY[language] or not amount[1]:
        return None
    return phrase(_apart(amount, MONEY[language][sign], language), certain=False)


def _bare(amount: tuple[str, str], language: str) -> str:
    whole, decimals = amount
    point = {"en": "point", "es": "coma", "de": "komma", "fr": "virgule", "it": "virgola"}[language]
    return cardinal(int(whole), language) + (f" {point} {digits(decimals, language)}" if decimals else "")


def _wholes(whole: str, language: str) -> list[str]:
    return [ONE[language]] if int(whole) == 1 else cardinals(int(whole), language)


def _together(amount: tuple[str, str], names: Names, language: str) -> Iterator[str]:
    whole, decimals = amount
    unit = names[0] if int(whole) == 1 else names[1]
    if not decimals.strip("0"):
        yield from (f"{number} {unit}" for number in _wholes(whole, language))
        return
    cents = int(decimals.ljust(2, "0")[:2])
    small, coin, both = cardinal(cents, language), names[2] if cents == 1 else names[3], AND[language]
    if language == "en" and whole.strip("0") == "":
        yield f"{small} {coin}"
        return
    number = _wholes(whole, language)[0]
    if language == "en":
        yield f"{number} {unit} and {small} {coin}"
        yield f"{cardinals(int(whole), language)[-1]} {unit} and {small} {coin}"
        yield f"{number} {pairs(decimals, language)}"
        yield f"{number} {unit} {small}"
        return
    yield f"{number} {unit} {small}"
    yield f"{number} {unit} {both} {small}"
    yield f"{number} {unit} {both} {small} {coin}"
    yield f"{number} {both} {small}"


def _apart(amount: tuple[str, str], names: Names, language: str) -> Iterator[Reading]:
    whole, decimals = amount
    unit = names[0] if int(whole) == 1 else names[1]
    number = _wholes(whole, language)[0]
    if not decimals.strip("0"):
        yield (number, unit)
        return
    cents = int(decimals.ljust(2, "0")[:2])
    small, coin, both = cardinal(cents, language), names[3], AND[language]
    yield (f"{number} {unit} {small}", "")
    yield (f"{number} {unit} {both} {small}", coin)
    yield (f"{number} {unit} {both} {small}", "")
    yield (f"{number} {unit} {small}", coin)
    yield (f"{number} {both} {small}", unit)
    yield (f"{_bare(amount, language)}", unit)
