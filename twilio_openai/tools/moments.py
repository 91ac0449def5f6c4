"""Days and times as a model writes them down from what a caller said; pure: what today is comes in."""

import re
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_RELATIVE_DAYS = {"today": 0, "tomorrow": 1, "day after tomorrow": 2}
_NAMED_TIMES = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_24_HOURS = re.compile(r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(:\d{2}(\.\d+)?)?")
_12_HOURS = re.compile(r"(?P<hour>\d{1,2})([:.](?P<minute>\d{2}))?\s*(?P<half>[ap])\.?\s?m\.?")


def parse_day(text: str, today: date) -> date:
    """ISO (a time behind it is ignored), today, tomorrow, or a weekday: the next one, today included.

    Raises ValueError, which says what is understood.
    """
    words = text.strip().lower().removeprefix("the ")
    if words in _RELATIVE_DAYS:
        return today + timedelta(days=_RELATIVE_DAYS[words])
    if words in WEEKDAYS:
        return today + timedelta(days=(WEEKDAYS.index(words) - today.weekday()) % 7)
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise ValueError(f"{text!r} is not a day; write it as 2026-11-20, or today, tomorrow or a weekday") from None


def parse_time(text: str) -> time:
    """As in 15:30, 9am, 9:30 p.m. or noon; seconds are dropped. Raises ValueError, which says what is understood.

    An hour alone is refused: whether "9" is morning or evening is for the caller to say.
    """
    words = text.strip().lower()
    try:
        found = _NAMED_TIMES.get(words) or _from_24_hours(words) or _from_12_hours(words)
    except ValueError:  # 25:00, 13 pm
        found = None
    if found is None:
        raise ValueError(f"{text!r} is not a time; write it as 15:30 or 3:30 pm")
    return found


def _from_24_hours(words: str) -> time | None:
    match = _24_HOURS.fullmatch(words)
    return time(int(match["hour"]), int(match["minute"])) if match else None


def _from_12_hours(words: str) -> time | None:
    match = _12_HOURS.fullmatch(words)
    if match is None:
        return None
    hour = int(match["hour"])
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return time(hour % 12 + (12 if match["half"] == "p" else 0), int(match["minute"] or 0))
