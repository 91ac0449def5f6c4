"""When a place is open, what is booked, and so when there is room. Pure: now is an argument.

1. A day is cut into slots of equal length, from each opening on; a slot that would go on past closing is none.
2. A booking takes one place in the slot that it falls into; a slot with `capacity` bookings is full.
3. All times are those on the clock at the place: datetimes without a time zone, the zone being the calendar's.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import nsmallest
from zoneinfo import ZoneInfo

NEAREST = 3
"""How many free slots are offered instead: as many as a person keeps in mind on the phone."""

_MIDNIGHT = time(0)


@dataclass(frozen=True)
class Span:
    """Opening hours without a break."""

    opens: time
    closes: time
    """Midnight (00:00) is the end of the day here."""

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{'24:00' if self.closes == _MIDNIGHT else format(self.closes, '%H:%M')}"

    def on(self, day: date) -> tuple[datetime, datetime]:
        end = datetime.combine(day, self.closes)
        return datetime.combine(day, self.opens), end + timedelta(days=self.closes == _MIDNIGHT)


@dataclass(frozen=True)
class Slot:
    """A free slot, in the words of `check_availability`'s own arguments."""

    date: str
    weekday: str
    time: str


@dataclass(frozen=True)
class Availability:
    available: bool
    reason: str
    """A sentence."""
    nearest: tuple[Slot, ...]
    """Free slots near a time that is not available, in order; empty when it is available."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    opening_hours: tuple[tuple[Span, ...], ...]
    """From Monday to Sunday, each day's spans in order; none: closed."""
    closed: Mapping[date, str]
    """Days on which the place is closed, and why ("" when nobody said)."""
    bookings: tuple[datetime, ...]
    """In order."""
    slot: timedelta
    capacity: int
    days_ahead: int
    """How far ahead of today one can book."""
    timezone: ZoneInfo | None
    """None: the machine's."""

    def check(self, asked: datetime, now: datetime) -> Availability:
        """Is there room at `asked`? Both times are the place's own."""
        refusal = self._refusal(asked, now)
        if refusal is None:
            return Availability(True, f"{_spoken(asked)} is free.", ())
        return Availability(False, refusal, tuple(_named(slot) for slot in self.nearest(asked, now)))

    def nearest(self, asked: datetime, now: datetime) -> list[datetime]:
        """The free slots closest to `asked`, in order, between now and the last day that can be booked."""
        days = (now.date() + timedelta(days=ahead) for ahead in range(self.days_ahead + 1))
        free = (slot for day in days for slot in self.slots(day) if slot >= now and self._has_room(slot))
        return sorted(nsmallest(NEAREST, free, key=lambda slot: abs(slot - asked)))

    def slots(self, day: date) -> Iterator[datetime]:
        """The beginnings of the day's slots."""
        for span in self._hours(day):
            start, end = span.on(day)
            while start + self.slot <= end:
                yield start
                start += self.slot

    def _refusal(self, asked: datetime, now: datetime) -> str | None:
        last_day = now.date() + timedelta(days=self.days_ahead)
        if asked < now:
            return f"{_spoken(asked)} is in the past; it is now {_spoken(now)}."
        if asked.date() > last_day:
            return f"{_spoken(asked)} is too far ahead; bookings are taken until {_spoken_day(last_day)}."
        return self._closed(asked) or self._taken(asked)

    def _closed(self, asked: datetime) -> str | None:
        day, hours = asked.date(), self._hours(asked.date())
        if any(start <= asked < end for start, end in (span.on(day) for span in hours)):
            return None
        if not hours:
            why = self.closed.get(day)
            return f"Closed on {_spoken_day(day)}{f' ({why})' if why else ''}."
        return f"On {_spoken_day(day)} the opening hours are {' and '.join(map(str, hours))}."

    def _taken(self, asked: datetime) -> str | None:
        if asked not in self.slots(asked.date()):
            minutes = self.slot // timedelta(minutes=1)
            return f"{asked:%H:%M} cannot be booked: a booking takes {minutes} minutes, at fixed times."
        return None if self._has_room(asked) else f"{_spoken(asked)} is fully booked."

    def _hours(self, day: date) -> tuple[Span, ...]:
        return () if day in self.closed else self.opening_hours[day.weekday()]

    def _has_room(self, slot: datetime) -> bool:
        taken = bisect_left(self.bookings, slot + self.slot) - bisect_left(self.bookings, slot)
        return taken < self.capacity


def _spoken(moment: datetime) -> str:
    return f"{moment:%A} {moment:%Y-%m-%d} {moment:%H:%M}"


def _spoken_day(day: date) -> str:
    return f"{day:%A} {day:%Y-%m-%d}"


def _named(slot: datetime) -> Slot:
    return Slot(f"{slot:%Y-%m-%d}", f"{slot:%A}", f"{slot:%H:%M}")
