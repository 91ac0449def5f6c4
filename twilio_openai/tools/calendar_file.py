"""The calendar as a TOML text that a person edits; pure. `calendar.toml` beside this file shows every key.

Nothing is guessed: an unknown key, a time that is none or a day written twice is a CalendarError with its line.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twilio_openai.tools.calendar import Calendar, Span
from twilio_openai.tools.errors import ToolDefinitionError
from twilio_openai.tools.moments import WEEKDAYS, parse_time

_KEYS = ("timezone", "slot_minutes", "capacity", "days_ahead", "closed", "bookings", "opening_hours")
_CLOSED_DAY = re.compile(r"(?P<day>\S+)\s*(?P<why>.*)")
_BOOKING = re.compile(r"(?P<day>\S+)[T\s]\s*(?P<time>\d{1,2}:\d{2})(:\d{2})?(\s.*)?")
_SPAN = re.compile(r"(?P<opens>\d{1,2}:\d{2})\s*(-|–|to)\s*(?P<closes>\d{1,2}:\d{2})")


class CalendarError(ToolDefinitionError):
    """The calendar file cannot be read; the message names file, line and key."""


def parse_calendar(text: str, name: str) -> Calendar:
    """`name` is what errors call the file. Raises CalendarError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # its message ends with the line
        raise CalendarError(f"{name}: {error}") from error
    return _Reader(text, name, values).calendar()


@dataclass(frozen=True)
class _Reader:
    text: str
    name: str
    values: dict[str, Any]

    def calendar(self) -> Calendar:
        self._refuse_unknown(self.values, _KEYS, "is not a key of the calendar")
        return Calendar(
            opening_hours=self._opening_hours(),
            closed=dict(self._closed_day(line) for line in self._lines("closed")),
            bookings=tuple(sorted(self._booking(line) for line in self._lines("bookings"))),
            slot=timedelta(minutes=self._whole_number("slot_minutes", 30, 5, 24 * 60)),
            capacity=self._whole_number("capacity", 1, 1, 10_000),
            days_ahead=self._whole_number("days_ahead", 60, 0, 730),
            timezone=self._timezone(),
        )

    def _opening_hours(self) -> tuple[tuple[Span, ...], ...]:
        hours = self.values.get("opening_hours")
        if not isinstance(hours, dict) or not hours:
            self._fail("opening_hours", 'is missing; write [opening_hours] and under it e.g. monday = "08:00-18:00"')
        self._refuse_unknown(hours, WEEKDAYS, "stands under [opening_hours], where only days do")
        return tuple(self._spans(day, hours.get(day, [])) for day in WEEKDAYS)

    def _spans(self, day: str, value: object) -> tuple[Span, ...]:
        spans = [] if value == "closed" else [self._span(day, each) for each in _listed(value)]
        ends = [each.closes for each in spans[:-1]]
        if any(opens.opens < closes or closes == time(0) for closes, opens in zip(ends, spans[1:], strict=True)):
            self._fail(day, "has hours that overlap or are not in order")
        return tuple(spans)

    def _span(self, day: str, value: object) -> Span:
        match = _SPAN.fullmatch(str(value).strip())
        if match is None:
            self._fail(day, f'{value!r} are no opening hours; write "08:00-18:00", "closed", or a list of such spans')
        opens, closes = self._time(day, match["opens"]), self._time(day, re.sub("^24:00$", "0:00", match["closes"]))
        if closes <= opens and closes != time(0):
            self._fail(day, f"{value!r} ends before it begins; hours after midnight belong to the next day")
        return Span(opens, closes)

    def _closed_day(self, line: str) -> tuple[date, str]:
        match = _CLOSED_DAY.fullmatch(line)
        return self._day("closed", match["day"] if match else line, line), match["why"] if match else ""

    def _booking(self, line: str) -> datetime:
        match = _BOOKING.fullmatch(line)
        if match is None:
            self._fail("bookings", f"{line!r} is not like 2026-11-20 09:00 and a name", line)
        return datetime.combine(self._day("bookings", match["day"], line), self._time("bookings", match["time"], line))

    def _day(self, key: str, text: str, line: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._fail(key, f"{text!r} is not a day like 2026-11-20", line)

    def _time(self, key: str, text: str, line: str | None = None) -> time:
        try:
            return parse_time(text)
        except ValueError:
            self._fail(key, f"{text!r} is not a time like 09:00", line)

    def _lines(self, key: str) -> list[str]:
        """A text of lines, or a list; empty lines and what follows a # are left out."""
        value = self.values.get(key, "")
        lines = value.splitlines() if isinstance(value, str) else [str(each) for each in _listed(value)]
        return [bare for line in lines if (bare := line.partition("#")[0].strip())]

    def _whole_number(self, key: str, default: int, least: int, most: int) -> int:
        value = self.values.get(key, default)
        if type(value) is not int or not least <= value <= most:
            self._fail(key, f"{value!r} is not a whole number from {least} to {most}")
        return value

    def _timezone(self) -> ZoneInfo | None:
        value = self.values.get("timezone")
        try:
            return None if value is None else ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self._fail("timezone", f'{value!r} is not a time zone that this machine knows, like "America/New_York"')

    def _refuse_unknown(self, values: Mapping[str, object], known: Iterable[str], problem: str) -> None:
        for key in values:
            if key not in known:
                self._fail(key, f"{problem}: {', '.join(known)}")

    def _fail(self, key: str, problem: str, line: str | None = None) -> NoReturn:
        number = self._line_number(line, rf"^[ \t]*\[?[ \t\"']*{re.escape(key)}[ \t\"']*[=\]]")
        raise CalendarError(f"{self.name}{f', line {number}' if number else ''}: {key}: {problem}")

    def _line_number(self, line: str | None, key_pattern: str) -> int | None:
        """Where the line stands in the file, or else the key: a key in the wrong table stands there last."""
        pattern = re.compile(key_pattern if line is None or line not in self.text else re.escape(line), re.MULTILINE)
        starts = [match.start() for match in pattern.finditer(self.text)]
        return self.text.count("\n", 0, starts[-1]) + 1 if starts else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
