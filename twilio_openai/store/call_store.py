"""The call store: calls and their turns, written as they are said and read by whoever goes on with them.

The rules:

1. Writes carry the generation of their stream. Once a newer one is stored, those of an older one are refused; the
   check and the write are one transaction, so nobody can take a call over in between.
2. A call that the store does not know is not written to: it was erased, and stays so.
3. What is written may be written again: nothing is doubled, and nothing newer is overwritten.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from . import statements
from .changes import Change, Ended, Said, Started
from .claims import Claims
from .database import Database
from .erasing import Erasing
from .errors import StoreAway
from .migrations import migrate
from .schema import calls, turns
from .stored import StoredCall, turn_of


class CallStore:
    """Calls and turns in SQL. Every method raises `StoreError` when the store does not do it."""

    def __init__(self, database: Database) -> None:
        self.name = database.name
        self.claims = Claims(database)
        self.erasing = Erasing(database)
        self._database = database
        self._migrating = asyncio.Lock()
        self._migrated = False

    async def migrate(self) -> None:
        """Bring the schema up to date. Every replica may ask for it at once; it is asked for once per process."""
        async with self._migrating:
            if not self._migrated:
                await migrate(self._database)
                self._migrated = True

    async def close(self) -> None:
        """Close every connection."""
        await self._database.close()

    # -- writing

    async def write(self, changes: Sequence[Change]) -> frozenset[str]:
        """Write the changes of any number of calls in one transaction.

        Returns:
            The calls that have gone on under a newer generation: their changes were refused.
        """
        try:
            return await self._write(changes)
        except StoreAway:
            self._migrated = False  # what comes back may be an older copy
            raise

    async def _write(self, changes: Sequence[Change]) -> frozenset[str]:
        async with self._database.writing() as connection:
            await self._each(connection, "start_call", [one.row() for one in changes if isinstance(one, Started)])
            newest = await _generations(connection, {change.call_sid for change in changes})
            valid = [change for change in changes if newest.get(change.call_sid, -1) == change.generation]
            now = datetime.now(UTC)
            await self._each(connection, "save_turn", [one.row(now) for one in valid if isinstance(one, Said)])
            ends = [one.row() for one in valid if isinstance(one, Ended)]
            if ends:
                await connection.execute(statements.end_call(), ends)
        return frozenset(change.call_sid for change in changes if newest.get(change.call_sid, -1) > change.generation)

    async def _each(self, connection: AsyncConnection, statement: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            await connection.execute(getattr(statements, statement)(self._database.dialect), rows)

    # -- reading

    async def load(self, call_sid: str) -> StoredCall | None:
        """A call with its turns in the order of the conversation."""
        order = (turns.c.generation, turns.c.position, turns.c.started_ms)
        async with self._database.reading() as connection:
            found = (await connection.execute(select(calls).where(calls.c.call_sid == call_sid))).mappings().first()
            if found is None:
                return None
            rows = await connection.execute(select(turns).where(turns.c.call_sid == call_sid).order_by(*order))
            said = tuple(turn_of(row) for row in rows.mappings())
        return StoredCall(**found, turns=said, turn_count=len(said))

    async def find(self, call_sid: str) -> StoredCall | None:
        """The call of this CallSid, or the only one that the end of a CallSid can mean."""
        ends = calls.c.call_sid.endswith(call_sid.removeprefix("…"), autoescape=True)
        async with self._database.reading() as connection:
            found = list(await connection.scalars(select(calls.c.call_sid).where(ends).limit(2)))
        return await self.load(found[0] if len(found) == 1 else call_sid)

    async def list_calls(self, limit: int = 50, since: datetime | None = None) -> list[StoredCall]:
        """The newest calls, newest first, without their turns but with the number of them."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_newest(limit, since))).mappings()
            return [_call_of(row) for row in rows]


def _newest(limit: int, since: datetime | None) -> Select[Any]:
    count = select(func.count()).where(turns.c.call_sid == calls.c.call_sid).scalar_subquery()
    asked = select(calls, count.label("turn_count")).order_by(calls.c.started_at.desc(), calls.c.call_sid).limit(limit)
    return asked if since is None else asked.where(calls.c.started_at >= since)


def _call_of(row: Mapping[str, Any]) -> StoredCall:
    return StoredCall(**row)


async def _generations(connection: AsyncConnection, call_sids: set[str]) -> dict[str, int]:
    rows = await connection.execute(statements.generations(call_sids))
    return {row.call_sid: row.generation for row in rows}
