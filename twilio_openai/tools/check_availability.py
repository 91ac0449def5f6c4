"""The built-in tool that looks a time up in the calendar file. A changed file counts from the next question on."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from twilio_openai.tools.calendar import Availability, Calendar
from twilio_openai.tools.calendar_file import CalendarError, parse_calendar
from twilio_openai.tools.errors import ToolError
from twilio_openai.tools.moments import parse_day, parse_time
from twilio_openai.tools.tool import AnyTool, tool

Clock = Callable[[], datetime]

_Day = Annotated[str, Field(description="The day as 2026-11-20; also: today, tomorrow, or the name of a weekday.")]
_Time = Annotated[str, Field(description="The time of day as 15:30; also: 3:30 pm, noon.")]


def utc_now() -> datetime:
    return datetime.now(UTC)


class CalendarFile:
    """A calendar file, read when it is first used and again whenever it has changed."""

    def __init__(self, path: str | Path | None = None) -> None:
        """None: the calendar that comes with the package."""
        self._source: Path | Traversable = Path(path) if path else files("twilio_openai.tools") / "calendar.toml"
        self._read: tuple[tuple[int, int], Calendar] | None = None

    def calendar(self) -> Calendar:
        """Raises CalendarError."""
        try:
            stamp = self._stamp()
            if self._read is None or self._read[0] != stamp:
                text = self._source.read_text(encoding="utf-8-sig")  # Windows' editor puts a mark in front
                self._read = stamp, parse_calendar(text, str(self._source))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a UTF-8 text"
            raise CalendarError(f"{self._source}: {reason}") from error
        return self._read[1]

    def _stamp(self) -> tuple[int, int]:
        if not isinstance(self._source, Path):
            return 0, 0  # inside a package nothing changes
        status = self._source.stat()
        return status.st_mtime_ns, status.st_size


def check_availability_tool(calendar_file: str | Path | None = None, now: Clock = utc_now) -> AnyTool:
    """The tool over this calendar; `now` gives an aware datetime. Raises CalendarError when the file is no good."""
    file = CalendarFile(calendar_file)
    file.calendar()

    @tool
    def check_availability(date: _Day, time: _Time) -> Availability:
        """Look up in the calendar whether a day and time can be booked, and which free times are the nearest.

        Call it before you promise a time. Offer only times that it gave you.
        """
        try:
            calendar = file.calendar()
        except CalendarError as error:
            raise ToolError("The calendar cannot be read at the moment. Say so, and promise no time.") from error
        here = now().astimezone(calendar.timezone).replace(tzinfo=None, second=0, microsecond=0)
        return calendar.check(_moment(date, time, here), here)

    return check_availability


def _moment(day: str, time: str, here: datetime) -> datetime:
    try:
        return datetime.combine(parse_day(day, here.date()), parse_time(time))
    except ValueError as error:
        raise ToolError(f"{error}. It is now {here:%A} {here:%Y-%m-%d} {here:%H:%M}.") from error
