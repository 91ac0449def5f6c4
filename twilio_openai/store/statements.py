"""The statements that write, in the store's dialect. Both kinds know `INSERT ... ON CONFLICT`, each under its own name.

The rules:

1. A row that is there already is never lost to a retry: every statement may be repeated.
2. Progress never overwrites a settled turn, in whatever order the two arrive.
3. A turn keeps the generation that it was first said in: what a later one writes again stays in its place.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Insert, Select, Update, bindparam, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert as Returning
from sqlalchemy.sql.dml import ReturningUpdate

from .schema import calls, claims, turns, used_tokens

_INSERTS: Final = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_KEPT: Final = {"call_sid", "item_id", "generation"}
_GIVEN: Final = ("account_sid", "from_number", "to_number", "owner")
_NOT_ENDED: Final = {"ended_at": None, "ended_by": None, "duration_ms": None}


@cache
def start_call(dialect: str) -> Insert:
    """A call begins, or goes on under a generation that is not older than what is known."""
    new: Any = _INSERTS[dialect](calls)
    given = {name: func.coalesce(func.nullif(new.excluded[name], ""), calls.c[name]) for name in _GIVEN}
    values = given | {"generation": new.excluded.generation, "lease_until": new.excluded.lease_until} | _NOT_ENDED
    started: Insert = new.on_conflict_do_update(
        index_elements=["call_sid"], set_=values, where=calls.c.generation <= new.excluded.generation
    )
    return started


@cache
def save_turn(dialect: str) -> Insert:
    """A turn, or a later word on one that is known."""
    new: Any = _INSERTS[dialect](turns)
    values = {column.name: new.excluded[column.name] for column in turns.c if column.name not in _KEPT}
    said: Insert = new.on_conflict_do_update(
        index_elements=["call_sid", "item_id"], set_=values, where=or_(not_(turns.c.settled), new.excluded.settled)
    )
    return said


def end_call() -> Update:
    """The end of the call named by `of`. Nobody has to look after it any more."""
    return update(calls).where(calls.c.call_sid == bindparam("of")).values(lease_until=None)


def generations(call_sids: set[str]) -> Select[tuple[str, int]]:
    """The newest generation of each call, which nobody can raise before the transaction is over."""
    asked = select(calls.c.call_sid, calls.c.generation).where(calls.c.call_sid.in_(call_sids))
    return asked.order_by(calls.c.call_sid).with_for_update(key_share=True)


@cache
def use_token(dialect: str) -> Returning[str]:
    """A token is used; nothing comes back when it had been."""
    new: Any = _INSERTS[dialect](used_tokens)
    once: Returning[str] = new.on_conflict_do_nothing(index_elements=["token_hash"]).returning(used_tokens.c.token_hash)
    return once


@cache
def first_claim(dialect: str) -> Returning[int]:
    """A call that the store may not know yet is claimed for its first stream; nothing comes back when it had been."""
    new: Any = _INSERTS[dialect](calls)
    taken = {name: new.excluded[name] for name in ("generation", "owner", "lease_until")}
    claimed: Returning[int] = new.on_conflict_do_update(
        index_elements=["call_sid"], set_=taken, where=calls.c.generation == 0
    ).returning(calls.c.generation)
    return claimed


def next_claim(call_sid: str, expected_generation: int, taken: Mapping[str, Any]) -> ReturningUpdate[int]:
    """A call goes on with another stream; nothing comes back when its generation is another one by now."""
    expected = update(calls).where(calls.c.call_sid == call_sid, calls.c.generation == expected_generation)
    return expected.values(**taken, **_NOT_ENDED).returning(calls.c.generation)


@cache
def note_claim(dialect: str) -> Insert:
    """Who claimed which generation."""
    new: Any = _INSERTS[dialect](claims)
    note: Insert = new.on_conflict_do_nothing(index_elements=["call_sid", "generation"])
    return note
