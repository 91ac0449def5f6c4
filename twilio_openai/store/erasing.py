"""What the store forgets: calls by age, one call, everything of one number.

A call that is erased is gone with its turns and its claims. SQLite overwrites what it deletes (`secure_delete`), and
the write-ahead log is cut; PostgreSQL frees the rows at its next vacuum.

A call that is still running is erased like any other, and what it says from then on is not stored. By age only calls
go that are over, or whose lease ran out long ago.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, text

from .database import Database
from .schema import calls


class Erasing:
    """Erases calls. Every method raises `StoreError`, and says how many calls it erased, or would."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def older_than(self, moment: datetime, *, dry_run: bool = False) -> int:
        """Erase the calls that were over before `moment`."""
        over_at = func.coalesce(calls.c.ended_at, calls.c.lease_until, calls.c.started_at)
        return await self._erase(over_at < moment, dry_run)

    async def call(self, call_sid: str, *, dry_run: bool = False) -> int:
        """Erase one call, by its whole CallSid."""
        return await self._erase(calls.c.call_sid == call_sid, dry_run)

    async def number(self, number: str, *, dry_run: bool = False) -> int:
        """Erase every call from or to this number, written as Twilio writes it: +15551234567."""
        return await self._erase(or_(calls.c.from_number == number, calls.c.to_number == number), dry_run)

    async def _erase(self, which: ColumnElement[bool], dry_run: bool) -> int:
        if dry_run:
            async with self._database.reading() as connection:
                return await connection.scalar(select(func.count()).select_from(calls).where(which)) or 0
        async with self._database.writing() as connection:
            erased = (await connection.execute(delete(calls).where(which))).rowcount
        if erased and self._database.dialect == "sqlite":
            async with self._database.outside() as connection:
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return erased
