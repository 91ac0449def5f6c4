"""Times of day: 2:30, 16:30 Uhr, 15 h 30, 15h30, 9am, 21:30.

The clock is read in 24 or in 12 hours, and the minutes as a number or as a part of the hour ("half past four", "halb
fünf").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .numbers import cardinal, pairs
from .phrase import Phrase, Token, one_word, phrase

CLOCK = re.compile(r"(\d{1,2})(?:[:h]|\.(?=\d\d(?:uhr|h)?$))(\d\d)(?:uhr|h)?")
WITH_HALF = re.compile(r"(\d{1,2})(?::(\d\d))?([ap])\.?m\.?")
HOUR_SIGN = re.compile(r"(\d{1,2})h")
OCLOCK = {"en": "o'clock", "es": "horas", "de": "uhr", "fr": "heures", "it": "ore"}
HALF_OF_DAY = {"a": "ay em", "p": "pee em"}


def time_of_day(tokens: Sequence[Token], language: str) -> Phrase | None:
    """A time in one written word, or followed by "Uhr"."""
    core = tokens[0].core.rstrip(".")
    halved = WITH_HALF.fullmatch(tokens[0].core)
    if halved and language == "en":
        return one_word(*(f"{form} {HALF_OF_DAY[halved[3]]}" for form in _english(int(halved[1]), halved[2] or "00")))
    if match := HOUR_SIGN.fullmatch(core):
        return one_word(f"{cardinal(int(match[1]), language)} {OCLOCK[language]}")
    clock = CLOCK.fullmatch(core)
    if clock is None or int(clock[1]) > 24 or int(clock[2]) > 59 or ("." in core and language != "de"):
        return None
    hour, minutes = int(clock[1]), clock[2]
    if language == "de" and len(tokens) > 1 and tokens[1].core == "uhr":
        return _german_with_word(hour, minutes)
    return one_word(*FORMS[language](hour, minutes))


def _twelve(hour: int) -> int:
    return (hour - 1) % 12 + 1


def _english(hour: int, minutes: str) -> Iterator[str]:
    said, following = cardinal(hour, "en"), cardinal(_twelve(hour + 1), "en")
    if minutes == "00":
        yield from (said, f"{said} o'clock", cardinal(_twelve(hour), "en"), f"{said} hundred")
        return
    yield f"{said} {pairs(minutes, 'en')}"
    if hour > 12:
        yield f"{cardinal(hour - 12, 'en')} {pairs(minutes, 'en')}"
    named = {"15": f"quarter past {said}", "30": f"half past {said}", "45": f"quarter to {following}"}
    if minutes in named:
        yield named[minutes]
    count = int(minutes)
    yield f"{cardinal(count, 'en')} past {said}" if count <= 30 else f"{cardinal(60 - count, 'en')} to {following}"


def _spanish(hour: int, minutes: str) -> Iterator[str]:
    said, short = _feminine(hour), _feminine(_twelve(hour))
    if minutes == "00":
        yield from dict.fromkeys((said, f"{said} horas", f"{short} {_part_of_day(hour)}", f"{said} en punto", short))
        return
    count = cardinal(int(minutes), "es")
    named = {"15": f"{short} y cuarto", "30": f"{short} y media", "45": f"{_feminine(_twelve(hour + 1))} menos cuarto"}
    idiom = named.get(minutes, f"{short} y {count}")
    yield idiom
    yield f"{idiom} {_part_of_day(hour)}"
    yield f"{said} y {count}"
    yield f"{said} {count}"
    yield f"{short} {count}"
    if int(minutes) > 30:
        yield f"{_feminine(_twelve(hour + 1))} menos {cardinal(60 - int(minutes), 'es')}"


def _feminine(hour: int) -> str:
    return re.sub(r"\buno$", "una", cardinal(hour, "es"))


def _part_of_day(hour: int) -> str:
    return "de la mañana" if hour < 13 else "de la tarde" if hour < 20 else "de la noche"


def _german(hour: int, minutes: str) -> Iterator[str]:
    said, count = _german_hour(hour), cardinal(int(minutes), "de")
    if minutes == "00":
        yield from (f"{said} uhr", said, cardinal(_twelve(hour), "de"))
        return
    yield f"{said} uhr {count}"
    yield f"{said} {count}"
    following = cardinal(_twelve(hour + 1), "de")
    if minutes in ("15", "30", "45"):
        short = cardinal(_twelve(hour), "de")
        yield {"15": f"viertel nach {short}", "30": f"halb {following}", "45": f"viertel vor {following}"}[minutes]


def _german_hour(hour: int) -> str:
    return "ein" if hour == 1 else cardinal(hour, "de")


def _german_with_word(hour: int, minutes: str) -> Phrase:
    """ "16:30" "Uhr": the word is said inside the time, behind it, or not at all."""
    said, forms = _german_hour(hour), list(_german(hour, minutes))
    if minutes == "00":
        return phrase([(said, "uhr"), (f"{said} uhr", ""), (cardinal(_twelve(hour), "de"), "uhr")], certain=False)
    return phrase([*((form, "") for form in forms), (forms[1], "uhr")], certain=False)


def _french(hour: int, minutes: str) -> Iterator[str]:
    heures = "heure" if hour == 1 else "heures"
    said = f"{'une' if hour == 1 else cardinal(hour, 'fr')} {heures}"
    if minutes == "00":
        yield said
        return
    yield f"{said} {cardinal(int(minutes), 'fr')}"
    if minutes in ("15", "30", "45"):
        short = f"{cardinal(_twelve(hour), 'fr')} heures"
        yield {"15": f"{short} et quart", "30": f"{short} et demie", "45": f"{short} quarante cinq"}[minutes]


def _italian(hour: int, minutes: str) -> Iterator[str]:
    said, short = cardinal(hour, "it"), cardinal(_twelve(hour), "it")
    if minutes == "00":
        yield from (said, f"{said} in punto", short)
        return
    count = cardinal(int(minutes), "it")
    yield f"{said} e {count}"
    yield f"{said} {count}"
    yield f"{short} e {count}"
    if minutes in ("15", "30", "45"):
        yield {"15": f"{short} e un quarto", "30": f"{short} e mezza", "45": f"{short} e tre quarti"}[minutes]


FORMS = {"en": _english, "es": _spanish, "de": _german, "fr": _french, "it": _italian}
