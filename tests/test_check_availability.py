"""The calendar that a person edits: what is free, why not, and what is near; and every slip of the pen has its line."""

import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from twilio_openai.tools import CallContext, ToolError
from twilio_openai.tools.calendar_file import CalendarError, parse_calendar
from twilio_openai.tools.check_availability import Clock, check_availability_tool
from twilio_openai.tools.moments import parse_day, parse_time

PLACE = """
timezone = "America/New_York"
slot_minutes = 30
capacity = 2
days_ahead = 30
closed = '''
2026-11-26  Thanksgiving
2026-11-27
'''
bookings = '''
2026-11-20 15:00  Ann     # regular
2026-11-20 15:10  Ben

2026-11-20 15:30
'''
[opening_hours]
monday = "08:00-18:00"
thursday = "08:00-18:00"
friday = ["08:00-12:00", "13:00-17:00"]
saturday = "22:00-24:00"
sunday = "closed"
"""

# Friday, ten past ten in New York.
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=UTC)


def ask(day: str, at: str, text: str = PLACE, now: datetime = NOW) -> tuple[bool, str, list[str]]:
    calendar = parse_calendar(text, "calendar.toml")
    here = now.astimezone(calendar.timezone).replace(tzinfo=None)
    found = calendar.check(datetime.combine(parse_day(day, here.date()), parse_time(at)), here)
    return found.available, found.reason, [f"{slot.weekday} {slot.date} {slot.time}" for slot in found.nearest]


def test_free() -> None:
    assert ask("2026-11-20", "14:30") == (True, "Friday 2026-11-20 14:30 is free.", [])


def test_one_of_two_places_is_left() -> None:
    assert ask("today", "3:30 pm")[0]


def test_full_and_the_nearest_free_slots() -> None:
    """A booking that begins within a slot takes a place in it."""
    assert ask("today", "15:00") == (
        False,
        "Friday 2026-11-20 15:00 is fully booked.",
        ["Friday 2026-11-20 14:00", "Friday 2026-11-20 14:30", "Friday 2026-11-20 15:30"],
    )


def test_between_two_slots() -> None:
    available, reason, nearest = ask("today", "14:10")
    assert not available
    assert reason == "14:10 cannot be booked: a booking takes 30 minutes, at fixed times."
    assert nearest == ["Friday 2026-11-20 13:30", "Friday 2026-11-20 14:00", "Friday 2026-11-20 14:30"]


def test_the_past_is_refused_and_never_offered() -> None:
    available, reason, nearest = ask("2026-11-20", "09:00")
    assert not available
    assert reason == "Friday 2026-11-20 09:00 is in the past; it is now Friday 2026-11-20 10:10."
    assert nearest == ["Friday 2026-11-20 10:30", "Friday 2026-11-20 11:00", "Friday 2026-11-20 11:30"]
    assert ask("1999-01-01", "09:00")[2] == nearest


@pytest.mark.parametrize(
    ("day", "at", "reason"),
    [
        ("today", "12:00", "On Friday 2026-11-20 the opening hours are 08:00-12:00 and 13:00-17:00."),
        ("today", "17:00", "On Friday 2026-11-20 the opening hours are 08:00-12:00 and 13:00-17:00."),
        ("tomorrow", "21:00", "On Saturday 2026-11-21 the opening hours are 22:00-24:00."),
        ("sunday", "12:00", "Closed on Sunday 2026-11-22."),
        ("tuesday", "12:00", "Closed on Tuesday 2026-11-24."),
        ("thursday", "12:00", "Closed on Thursday 2026-11-26 (Thanksgiving)."),
        ("2026-11-27", "12:00", "Closed on Friday 2026-11-27."),
        (
            "2026-12-21",
            "12:00",
            "Monday 2026-12-21 12:00 is too far ahead; bookings are taken until Sunday 2026-12-20.",
        ),
        (
            "9999-12-31",
            "23:59",
            "Friday 9999-12-31 23:59 is too far ahead; bookings are taken until Sunday 2026-12-20.",
        ),
    ],
)
def test_closed(day: str, at: str, reason: str) -> None:
    assert ask(day, at)[:2] == (False, reason)
    assert len(ask(day, at)[2]) == 3


def test_the_nearest_slots_reach_over_closed_days() -> None:
    assert ask("2026-11-27", "08:00")[2] == [
        "Saturday 2026-11-28 22:00",
        "Saturday 2026-11-28 22:30",
        "Saturday 2026-11-28 23:00",
    ]
    assert ask("sunday", "00:30")[2] == [
        "Saturday 2026-11-21 22:30",
        "Saturday 2026-11-21 23:00",
        "Saturday 2026-11-21 23:30",
    ]


def test_a_place_open_till_midnight() -> None:
    assert ask("saturday", "23:30")[0]
    assert ask("saturday", "23:30", PLACE.replace("slot_minutes = 30", "slot_minutes = 45"))[1] == (
        "23:30 cannot be booked: a booking takes 45 minutes, at fixed times."
    )


def test_nothing_free_anywhere() -> None:
    assert ask("today", "12:00", "days_ahead = 0\n[opening_hours]\nmonday = '08:00-18:00'")[2] == []


def test_today_is_the_places_own_day() -> None:
    """At three in the morning UTC it is still the day before in New York."""
    available, reason, _ = ask("today", "08:00", now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    assert not available
    assert "Thursday 2026-11-19 08:00 is in the past" in reason


def test_defaults() -> None:
    calendar = parse_calendar("[opening_hours]\nmonday = '8:00 to 9:00'", "x")
    assert (calendar.capacity, calendar.days_ahead, calendar.slot.seconds // 60) == (1, 60, 30)
    assert (calendar.timezone, calendar.bookings, dict(calendar.closed)) == (None, (), {})


def test_lists_and_bare_dates_are_understood_too() -> None:
    calendar = parse_calendar(
        "closed = [2026-12-25, '2026-12-26 Boxing Day']\nbookings = ['2026-11-20 09:00 Ann', 2026-11-19T08:00:00]\n"
        "[opening_hours]\nmonday = '08:00-18:00'",
        "x",
    )
    assert dict(calendar.closed) == {date(2026, 12, 25): "", date(2026, 12, 26): "Boxing Day"}
    assert calendar.bookings == (datetime(2026, 11, 19, 8), datetime(2026, 11, 20, 9))


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ('"08:00-18:00"', '"08:00-18:00', 17, "Illegal character"),
        ("capacity = 2", "capacity = 0", 4, "capacity: 0 is not a whole number from 1 to 10000"),
        ("capacity = 2", "capacity = true", 4, "capacity: True is not a whole number"),
        ("slot_minutes = 30", 'slot_minutes = "half an hour"', 3, "slot_minutes: 'half an hour' is not a whole number"),
        ("days_ahead", "days_a_head", 5, "days_a_head: is not a key of the calendar: timezone, slot_minutes, capacity"),
        ("saturday", "samstag", 20, "samstag: stands under [opening_hours], where only days do: monday, tuesday"),
        ('sunday = "closed"', "capacity = 3", 21, "capacity: stands under [opening_hours], where only days do"),
        ("America/New_York", "New York", 2, "timezone: 'New York' is not a time zone that this machine knows"),
        ("America/New_York", "../etc", 2, "timezone: '../etc' is not a time zone"),
        ('"America/New_York"', "5", 2, "timezone: 5 is not a time zone"),
        ("2026-11-27", "27.11.2026", 8, "closed: '27.11.2026' is not a day like 2026-11-20"),
        ("2026-11-20 15:30", "2026-11-31 15:30", 14, "bookings: '2026-11-31' is not a day like 2026-11-20"),
        ("2026-11-20 15:30", "2026-11-20 25:30", 14, "bookings: '25:30' is not a time like 09:00"),
        ("2026-11-20 15:30", "Friday 3 pm Ann", 14, "bookings: 'Friday 3 pm Ann' is not like 2026-11-20 09:00"),
        ('"22:00-24:00"', '"22:00-02:00"', 20, "saturday: '22:00-02:00' ends before it begins"),
        ('"22:00-24:00"', '"from 10"', 20, "saturday: 'from 10' are no opening hours; write \"08:00-18:00\""),
        ('"22:00-24:00"', '"22:00-26:00"', 20, "saturday: '26:00' is not a time like 09:00"),
        ('"13:00-17:00"', '"11:00-17:00"', 19, "friday: has hours that overlap or are not in order"),
        ("[opening_hours]", "[opening_times]", 16, "opening_times: is not a key of the calendar"),
    ],
)
def test_a_slip_of_the_pen_has_its_line(old: str, new: str, line: int, problem: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse_calendar(PLACE.replace(old, new), "calendar.toml")
    message = str(refused.value)
    assert f"line {line}" in message
    assert message.startswith("calendar.toml")
    assert problem in message
    assert "\n" not in message


def test_a_calendar_needs_hours() -> None:
    with pytest.raises(CalendarError, match=r"^calendar.toml: opening_hours: is missing; write \[opening_hours\]"):
        parse_calendar("", "calendar.toml")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-25", date(2026, 11, 25)),
        (" 20261125 ", date(2026, 11, 25)),
        ("2026-11-25T09:00:00", date(2026, 11, 25)),
        ("Today", date(2026, 11, 20)),
        ("tomorrow", date(2026, 11, 21)),
        ("the day after tomorrow", date(2026, 11, 22)),
        ("Friday", date(2026, 11, 20)),
        ("thursday", date(2026, 11, 26)),
    ],
)
def test_days(text: str, day: date) -> None:
    assert parse_day(text, date(2026, 11, 20)) == day


@pytest.mark.parametrize("text", ["", "next friday", "11/20/2026", "2026-02-30", "soon", "2026"])
def test_what_is_not_a_day(text: str) -> None:
    with pytest.raises(ValueError, match="is not a day; write it as 2026-11-20, or today"):
        parse_day(text, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("09:30", time(9, 30)),
        ("9:30", time(9, 30)),
        ("21.30", time(21, 30)),
        ("21h30", time(21, 30)),
        ("09:30:00", time(9, 30)),
        ("9am", time(9)),
        ("9:30 PM", time(21, 30)),
        ("9:30 p.m.", time(21, 30)),
        ("12 am", time(0)),
        ("12pm", time(12)),
        ("noon", time(12)),
        ("midnight", time(0)),
        ("0:00", time(0)),
    ],
)
def test_times(text: str, at: time) -> None:
    assert parse_time(text) == at


@pytest.mark.parametrize("text", ["", "9", "25:00", "9:60", "13 pm", "0 am", "half nine", "09:30Z"])
def test_what_is_not_a_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time; write it as 15:30 or 3:30 pm"):
        parse_time(text)


def lookup(path: Path | None, arguments: str, now: Clock = lambda: NOW) -> Any:
    tool = check_availability_tool(path, now)
    return tool(**tool.signature.bind(arguments, CallContext(call_sid="CA1")))


def test_the_tool_asks_the_file(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(PLACE, encoding="utf-8-sig")
    assert lookup(path, '{"date": "today", "time": "14:30"}').available
    assert not lookup(path, '{"date": "today", "time": "15:00"}').available


def test_words_that_are_no_time_are_refused_with_what_is_understood_and_today(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(PLACE, encoding="utf-8")
    with pytest.raises(ToolError) as refused:
        lookup(path, '{"date": "20.11.", "time": "15:00"}')
    assert str(refused.value) == (
        "'20.11.' is not a day; write it as 2026-11-20, or today, tomorrow or a weekday. "
        "It is now Friday 2026-11-20 10:10."
    )


def test_a_change_counts_from_the_next_question(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(PLACE, encoding="utf-8")
    check = check_availability_tool(path, lambda: NOW)
    assert not check("today", "15:00").available
    path.write_text(PLACE.replace("capacity = 2", "capacity = 9"), encoding="utf-8")
    os.utime(path, ns=(1, 1))  # the clock of the file system may be too coarse to see two writes
    assert check("today", "15:00").available
    path.write_text("capacity = much\n", encoding="utf-8")
    with pytest.raises(ToolError, match="The calendar cannot be read at the moment") as refused:
        check("today", "15:00")
    assert "line 1" in str(refused.value.__cause__)
    path.unlink()
    with pytest.raises(ToolError, match="cannot be read"):
        check("today", "15:00")
    path.write_text(PLACE, encoding="utf-8")
    assert not check("today", "15:00").available


def test_a_file_that_is_no_calendar_is_found_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match=r"none\.toml: No such file or directory"):
        check_availability_tool(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(CalendarError, match=r"latin\.toml: not a UTF-8 text"):
        check_availability_tool(tmp_path / "latin.toml")


def test_the_calendar_of_the_package() -> None:
    check = check_availability_tool(now=lambda: NOW)
    assert check("monday", "10:00").available
    assert not check("sunday", "10:00").available
