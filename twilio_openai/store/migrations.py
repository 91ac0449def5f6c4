"""How the schema came to be, step by step, and the way from any older one to this.

The rules:

1. A step that was released is never changed: stores exist that have made it.
2. One SQL for both kinds of store. SQLite takes any words for a type, so PostgreSQL's stand here.
3. A step only adds what an older program does without (a table, a column with a default or NULL): during a rolling
   restart older replicas go on with the newer schema. What takes something away waits until no release uses it.
4. All steps that are due are made in one transaction under one lock: replicas may start at once, and a step that
   fails leaves nothing behind.

No Alembic: with plain SQL in a tuple there is no second configuration, no offline mode and no dependency, and the
lock, which Alembic leaves to its user, is most of the work.
"""

from typing import Final

from sqlalchemy import insert, select, text, update

from .database import Database
from .schema import version

Step = tuple[str, ...]

LOCK: Final = 7_267_283_531  # any number that nobody else takes for an advisory lock in the same database

VERSION: Final = "CREATE TABLE IF NOT EXISTS store_version (version INTEGER NOT NULL PRIMARY KEY)"

FIRST: Final[Step] = (
    """
    CREATE TABLE calls (
        call_sid TEXT NOT NULL PRIMARY KEY,
        account_sid TEXT NOT NULL,
        from_number TEXT NOT NULL,
        to_number TEXT NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        ended_by TEXT,
        duration_ms BIGINT,
        generation INTEGER NOT NULL,
        owner TEXT NOT NULL,
        lease_until TIMESTAMP WITH TIME ZONE,
        record JSON
    )
    """,
    "CREATE INDEX calls_by_start ON calls (started_at)",
    "CREATE INDEX calls_by_lease ON calls (lease_until) WHERE ended_at IS NULL",
    """
    CREATE TABLE turns (
        call_sid TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
        item_id TEXT NOT NULL,
        generation INTEGER NOT NULL,
        position INTEGER NOT NULL,
        settled BOOLEAN NOT NULL,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        unheard TEXT NOT NULL,
        started_ms BIGINT NOT NULL,
        heard_ms BIGINT NOT NULL,
        generated_ms BIGINT NOT NULL,
        interrupted BOOLEAN NOT NULL,
        confidence DOUBLE PRECISION,
        failed BOOLEAN NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (call_sid, item_id)
    )
    """,
    """
    CREATE TABLE claims (
        call_sid TEXT NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        owner TEXT NOT NULL,
        claimed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (call_sid, generation)
    )
    """,
    """
    CREATE TABLE used_tokens (
        token_hash TEXT NOT NULL PRIMARY KEY,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL
    )
    """,
    "CREATE INDEX used_tokens_by_expiry ON used_tokens (expires_at)",
)

STEPS: Final[tuple[Step, ...]] = (FIRST,)


async def migrate(database: Database, steps: tuple[Step, ...] = STEPS) -> int:
    """Bring the schema up to `steps`, and say how many of them were due.

    A store that a newer program has migrated further is left as it is (rule 3).

    Raises:
        StoreError: a step failed, or nobody answers; the schema is as it was.
    """
    async with database.writing() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        await connection.execute(
            text("CREATE TABLE IF NOT EXISTS store_version (version INTEGER NOT NULL PRIMARY KEY)")
        )
        made = await connection.scalar(select(version.c.version))
        if made is None:
            await connection.execute(insert(version).values(version=0))
        due = steps[made or 0 :]
        for statement in (statement for step in due for statement in step):
            await connection.execute(text(statement))
        if due:
            await connection.execute(update(version).values(version=len(steps)))
    return len(due)
