"""Whose call it is, among replicas that share nothing but the store.

The rules:

1. A call has a generation, and a generation one owner. Whoever raises it by compare-and-set owns the call; of two who
   try at once one gets it. From then on the store refuses what the older owner writes.
2. The owner renews its lease. A lease that has run out says that nobody may be serving the call, and proves nothing:
   the claim that follows is what makes sure.
3. A stream token opens one stream, on whichever replica. The store keeps its hash until it would be too old anyway.

Moments are UTC and come from the caller: the replicas' clocks must agree to well within a lease.
"""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, func, select, update

from . import statements
from .database import Database
from .schema import calls, claims, used_tokens
from .stored import StoredCall

_UNKNOWN = {"account_sid": "", "from_number": "", "to_number": ""}


class Claims:
    """Generations, leases and tokens. Every method raises `StoreError` when the store does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, call_sid: str, owner: str, expected_generation: int, *, now: datetime, lease_until: datetime
    ) -> int | None:
        """Take over a call whose newest generation is `expected_generation`; 0 where the store may not know the call.

        Returns:
            The generation that is now `owner`'s, or None: somebody else has it.
        """
        taken = {"generation": expected_generation + 1, "owner": owner, "lease_until": lease_until}
        async with self._database.writing() as connection:
            if expected_generation == 0:
                row = _UNKNOWN | {"call_sid": call_sid, "started_at": now} | taken
                won = await connection.scalar(statements.first_claim(self._database.dialect), row)
            else:
                won = await connection.scalar(statements.next_claim(call_sid, expected_generation, taken))
            if won is None:
                return None
            note = {"call_sid": call_sid, "generation": won, "owner": owner, "claimed_at": now}
            await connection.execute(statements.note_claim(self._database.dialect), note)
        return won

    async def claims_since(self, call_sid: str, since: datetime) -> int:
        """How often a call was claimed since then: what bounds a loop of reconnections."""
        asked = select(func.count()).where(claims.c.call_sid == call_sid, claims.c.claimed_at >= since)
        async with self._database.reading() as connection:
            return await connection.scalar(asked) or 0

    async def renew_leases(self, owner: str, call_sids: Collection[str], until: datetime) -> frozenset[str]:
        """Renew the leases of the calls that `owner` serves.

        Returns:
            Those of them that are somebody else's by now, and must be left alone.
        """
        theirs = calls.c.call_sid.in_(call_sids)
        mine = update(calls).where(theirs, calls.c.owner == owner, calls.c.ended_at.is_(None))
        async with self._database.writing() as connection:
            await connection.execute(mine.values(lease_until=until))
            lost = await connection.scalars(select(calls.c.call_sid).where(theirs, calls.c.owner != owner))
            return frozenset(lost)

    async def expired_leases(self, now: datetime, limit: int = 100) -> list[StoredCall]:
        """Calls that have not ended and whose owner has let the lease run out, the longest ago first; without turns."""
        asked = select(calls).where(calls.c.ended_at.is_(None), calls.c.lease_until < now)
        async with self._database.reading() as connection:
            rows = await connection.execute(asked.order_by(calls.c.lease_until).limit(limit))
            return [StoredCall(**row) for row in rows.mappings()]

    async def use_token(self, token: str, *, now: datetime, expires_at: datetime) -> bool:
        """Use a stream token, and say whether this was the first time."""
        row = {"token_hash": sha256(token.encode("utf-8", "replace")).hexdigest(), "expires_at": expires_at}
        async with self._database.writing() as connection:
            await connection.execute(delete(used_tokens).where(used_tokens.c.expires_at < now))
            return await connection.scalar(statements.use_token(self._database.dialect), row) is not None
