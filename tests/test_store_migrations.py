"""The schema: made once however many ask for it, the one that the queries name, and never half of it."""

import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text
from store_stage import CALL, started, url

from twilio_openai.services.store_service import open_store
from twilio_openai.store import CallStore, StoreError
from twilio_openai.store.migrations import FIRST, STEPS, migrate
from twilio_openai.store.schema import metadata

__all__ = ["url"]

COLUMN = ("ALTER TABLE calls ADD COLUMN mood TEXT",)
REPLICA = """
import asyncio, sys
from twilio_openai.services.store_service import open_store
from twilio_openai.store.migrations import migrate
async def replica():
    store = open_store(sys.argv[1])
    print(await migrate(store._database))
    await store.close()
asyncio.run(replica())
"""

Shape = dict[str, tuple[list[tuple[str, bool]], list[str]]]


def _shape(connection: Connection) -> Shape:
    """Of each table: its columns, whether each may be NULL, and the primary key."""
    tables = inspect(connection)
    return {
        name: (
            [(column["name"], column["nullable"]) for column in tables.get_columns(name)],
            tables.get_pk_constraint(name)["constrained_columns"],
        )
        for name in tables.get_table_names()
    }


async def shape(store: CallStore) -> Shape:
    async with store._database.reading() as connection:
        return await connection.run_sync(_shape)


async def test_the_schema_is_the_one_that_queries_name(url: str) -> None:
    store = open_store(url)
    await store.migrate()
    made = await shape(store)
    await store.close()
    assert made == {
        table.name: (
            [(column.name, bool(column.nullable)) for column in table.columns],
            [column.name for column in table.primary_key],
        )
        for table in metadata.sorted_tables
    }


async def test_replicas_that_start_at_once_migrate_once(url: str) -> None:
    python = (sys.executable, "-c", REPLICA, url)
    pipe = asyncio.subprocess.PIPE
    replicas = [await asyncio.create_subprocess_exec(*python, stdout=pipe, stderr=pipe) for _ in range(4)]
    async with asyncio.timeout(60):
        said = [await replica.communicate() for replica in replicas]
    assert sorted(out for out, _ in said) == [*[b"0\n"] * 3, f"{len(STEPS)}\n".encode()], said


async def test_tasks_that_ask_at_once_migrate_once(url: str) -> None:
    stores = [open_store(url) for _ in range(4)]
    assert sorted(await asyncio.gather(*(migrate(store._database) for store in stores))) == [0, 0, 0, len(STEPS)]
    await asyncio.gather(*(store.close() for store in stores))


async def test_an_older_store_gets_what_it_lacks(url: str) -> None:
    store = open_store(url)
    assert await migrate(store._database, (FIRST,)) == 1
    await store.write([started()])
    assert await migrate(store._database, (FIRST, COLUMN)) == 1
    assert await migrate(store._database, (FIRST, COLUMN)) == 0
    assert ("mood", True) in (await shape(store))["calls"][0]
    assert await store.load(CALL) is not None
    await store.close()


async def test_a_newer_store_is_left_as_it_is_and_goes_on(url: str) -> None:
    store = open_store(url)
    await migrate(store._database, (*STEPS, ("CREATE TABLE moods (mood TEXT)",)))
    assert await migrate(store._database) == 0
    await store.write([started()])
    assert await store.load(CALL) is not None
    await store.close()


async def test_a_step_that_fails_leaves_nothing_behind(url: str) -> None:
    store = open_store(url)
    with pytest.raises(StoreError):
        await migrate(store._database, (*STEPS, (*COLUMN, "ALTER TABLE nowhere ADD COLUMN mood TEXT")))
    assert await shape(store) == {}
    await migrate(store._database)
    with pytest.raises(StoreError):
        await migrate(store._database, (*STEPS, (*COLUMN, "ALTER TABLE nowhere ADD COLUMN mood TEXT")))
    assert ("mood", True) not in (await shape(store))["calls"][0]
    await store.close()


async def test_the_file_uses_a_write_ahead_log(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/calls.sqlite3")
    async with store._database.reading() as connection:
        found = [
            await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")
        ]
    await store.close()
    assert found == ["wal", 1, 1]
