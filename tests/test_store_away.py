"""A store that is away, hangs, or comes back: said once, bounded, caught up, and never in the way of a call."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from store_stage import CALL, agent, cluster, empty_database, said, started, told, until

from twilio_openai.services.store_service import open_store
from twilio_openai.store import CallStore, StoreWriter

__all__ = ["told"]

Told = Callable[[str], list[dict[str, Any]]]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else holds the file, so that every write has to wait."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def texts(store: CallStore) -> list[str]:
    call = await store.load(CALL)
    return [stored.turn.text for stored in call.turns] if call else []


async def test_the_server_goes_away_and_comes_back(told: Told) -> None:
    server, store = cluster(), open_store(empty_database())
    writer = StoreWriter(store)
    writer.start()
    writer.put(started())
    assert await writer.flush(10)
    server.stop()
    try:
        for place in range(250):
            writer.put(said(agent(f"i{place}", f"turn {place}"), place))
            writer.put(said(agent("playing", f"word {place}"), 250, settled=False))
        await until(lambda: bool(told("store.away")))
        assert not await writer.flush(0.5)
        assert 250 < writer.queued <= 252
        assert writer.lag_s > 0.5
    finally:
        server.start()
    assert await writer.flush(20)
    assert await texts(store) == [*(f"turn {place}" for place in range(250)), "word 249"]
    await until(lambda: bool(told("store.back")))
    assert [len(told(event)) for event in ("store.away", "store.back", "store.behind")] == [1, 1, 0]
    assert told("store.back")[0]["caught_up"] >= 250
    assert "s3cret" not in str(told("store.away"))
    await writer.close()
    await store.close()


async def test_a_file_that_cannot_be_opened_is_tried_again(tmp_path: Path, told: Told) -> None:
    place = tmp_path / "calls.sqlite3"
    place.mkdir()
    store = open_store(f"sqlite:///{place}")
    writer = StoreWriter(store)
    writer.start()
    writer.put(started())
    writer.put(said(agent("i1", "Hello."), 0))
    await until(lambda: bool(told("store.away")))
    place.rmdir()
    assert await writer.flush(10)
    assert await texts(store) == ["Hello."]
    await writer.close()
    await store.close()
    assert [len(told(event)) for event in ("store.away", "store.back")] == [1, 1]


async def test_a_store_that_hangs_is_named_and_waited_for(tmp_path: Path, told: Told) -> None:
    store = open_store(f"sqlite:///{tmp_path}/calls.sqlite3")
    await store.migrate()
    writer = StoreWriter(store, slow_s=0.2)
    writer.start()
    with locked(tmp_path / "calls.sqlite3"):
        writer.put(started())
        await until(lambda: bool(told("store.away")))
        began_s = time.perf_counter()
        writer.put(said(agent("i1"), 0))
        assert time.perf_counter() - began_s < 0.1
    assert await writer.flush(10)
    assert told("store.away")[0]["reason"] == "no answer for 0.2 s"
    assert len(told("store.back")) == 1
    await writer.close()
    await store.close()


async def test_what_waits_is_bounded_and_the_newest_is_kept(tmp_path: Path, told: Told) -> None:
    store = open_store(f"sqlite:///{tmp_path}/calls.sqlite3")
    writer = StoreWriter(store, max_queued=300)
    writer.start()
    writer.put(started())
    assert await writer.flush(10)
    with locked(tmp_path / "calls.sqlite3"):
        writer.put(said(agent("first"), 0))
        await until(lambda: not writer._queue)  # it is in hand
        for number in range(5000):
            writer.put(said(agent(f"i{number}"), number))
            writer.put(said(agent(f"p{number}"), number, settled=False))
        assert writer.queued <= 1 + 300 + 2000
        assert writer.dropped == 4700
    assert await writer.flush(20)
    call = await store.load(CALL)
    assert call is not None
    kept = {stored.turn.item_id for stored in call.turns if stored.settled}
    assert kept == {"first", *(f"i{number}" for number in range(4700, 5000))}
    await writer.close()
    await store.close()
    assert len(told("store.behind")) == 1
    assert [record["dropped"] for record in told("store.back")] == [4700]


async def test_what_is_lost_at_the_end_is_said(tmp_path: Path, told: Told) -> None:
    store = open_store(f"sqlite:///{tmp_path}/nowhere/calls.sqlite3")
    writer = StoreWriter(store)
    writer.start()
    writer.put(started())
    assert not await writer.flush(0.3)
    await writer.close()
    await store.close()
    assert [record["changes"] for record in told("store.lost")] == [1]


async def test_closing_does_not_wait_for_a_store_that_hangs(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/calls.sqlite3")
    await store.migrate()
    writer = StoreWriter(store)
    writer.start()
    with locked(tmp_path / "calls.sqlite3"):
        writer.put(started())
        await asyncio.sleep(0.3)
        began_s = time.monotonic()
        await writer.close()
        assert time.monotonic() - began_s < 3
    await store.close()


async def test_a_store_that_is_away_from_the_start_is_said_at_once(tmp_path: Path, told: Told) -> None:
    folder = tmp_path / "later"
    store = open_store(f"sqlite:///{folder}/calls.sqlite3")
    writer = StoreWriter(store)
    writer.start()
    await until(lambda: bool(told("store.away")))
    folder.mkdir()
    await until(lambda: bool(told("store.back")))
    assert (folder / "calls.sqlite3").is_file()
    await writer.close()
    await store.close()


async def test_a_server_that_comes_back_empty_is_made_again(told: Told) -> None:
    store = open_store(empty_database())
    writer = StoreWriter(store)
    writer.start()
    writer.put(started())
    assert await writer.flush(10)
    empty_database()
    writer.put(started())
    writer.put(said(agent("i1", "Hello."), 0))
    assert await writer.flush(10)
    assert await texts(store) == ["Hello."]
    await writer.close()
    await store.close()
    assert len(told("store.away")) == 1
