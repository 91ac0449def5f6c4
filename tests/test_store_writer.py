"""The writer behind the calls: at once, in batches, bounded, and never in the way. Its stores are real and go away."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from store_stage import CALL, NOW, OTHER, agent, caller, said, started, store, told, url

from twilio_openai.services.store_service import open_store
from twilio_openai.store import CallStore, Ended, Said, StoreWriter

__all__ = ["store", "told", "url"]

Told = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
async def writer(store: CallStore) -> AsyncIterator[StoreWriter]:
    writing = StoreWriter(store)
    writing.start()
    yield writing
    await writing.close()


async def texts(store: CallStore, call_sid: str = CALL) -> list[str]:
    call = await store.load(call_sid)
    return [stored.turn.text for stored in call.turns] if call else []


async def test_a_settled_turn_is_stored_at_once(writer: StoreWriter, store: CallStore) -> None:
    writer.put(started())
    writer.put(said(agent("i1", "Hello."), 0))
    assert writer.queued == 2
    began_s = time.monotonic()
    assert await writer.flush(10)
    assert time.monotonic() - began_s < 1
    assert await texts(store) == ["Hello."]
    assert (writer.queued, writer.lag_s, writer.dropped) == (0, 0, 0)


async def test_progress_is_stored_within_a_second(writer: StoreWriter, store: CallStore) -> None:
    writer.put(started())
    words = ""
    for word in ("Hello", "there,", "how", "are", "you?"):
        words = f"{words} {word}".strip()
        writer.put(said(agent("i1", words), 0, settled=False))
    assert writer.queued == 2
    assert await writer.flush(10)
    assert await texts(store) == ["Hello there, how are you?"]


async def test_a_turn_that_settles_leaves_no_progress_behind(writer: StoreWriter, store: CallStore) -> None:
    writer.put(started())
    writer.put(said(agent("i1", "Hel"), 0, settled=False))
    writer.put(said(agent("i1", "Hello."), 0))
    assert writer.queued == 2
    assert await writer.flush(10)
    assert await texts(store) == ["Hello."]


async def test_many_calls_share_a_transaction(store: CallStore, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    write = store.write

    async def counted(changes: Any) -> frozenset[str]:
        writes.append(len(changes))
        return await write(changes)

    monkeypatch.setattr(store, "write", counted)
    writer = StoreWriter(store)
    writer.start()
    for number in range(60):
        writer.put(started(f"CA{number}"))
        writer.put(said(agent("i1"), 0, f"CA{number}", settled=False))
    assert await writer.flush(10)
    await writer.close()
    assert len(writes) <= 3
    assert sum(writes) == 120


async def test_a_burst_is_stored_whole_and_puts_cost_nothing(writer: StoreWriter, store: CallStore) -> None:
    """A thousand turns within a second, and a loop that stays responsive."""
    late_s = [0.0]

    async def watch() -> None:
        while True:
            due_s = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            late_s.append(time.monotonic() - due_s)

    watching = asyncio.create_task(watch())
    for number in range(50):
        writer.put(started(f"CA{number}"))
    put_s = 0.0
    for number in range(1000):
        began_s = time.thread_time()
        writer.put(said(agent(f"i{number}", "word " * 20), number, f"CA{number % 50}"))
        put_s += time.thread_time() - began_s
        await asyncio.sleep(0.001)
    assert await writer.flush(20)
    watching.cancel()
    assert writer.dropped == 0
    assert sum(call.turn_count for call in await store.list_calls(100)) == 1000
    assert put_s < 0.1  # 0.1 ms each
    assert sorted(late_s)[len(late_s) * 9 // 10] < 0.1


async def test_a_row_that_cannot_be_stored_holds_up_no_other(writer: StoreWriter, store: CallStore, told: Told) -> None:
    writer.put(started())
    writer.put(started(OTHER))
    writer.put(Ended(CALL, 1, NOW, "caller", 1, {"unjsonable": object()}))
    writer.put(said(caller("i1", "Hello."), 0, OTHER))
    assert await writer.flush(10)
    assert await texts(store, OTHER) == ["Hello."]
    assert [record["call_sid"] for record in told("store.refused")] == [CALL]
    assert told("store.away") == []


async def test_whoever_serves_an_older_generation_is_told(store: CallStore) -> None:
    overtaken: list[str] = []
    writer = StoreWriter(store, on_superseded=overtaken.append)
    writer.start()
    for call_sid in (CALL, OTHER):
        writer.put(started(call_sid))
    assert await writer.flush(10)
    await store.write([started(generation=2, owner="b")])
    for call_sid in (CALL, OTHER):
        writer.put(said(agent("i1"), 0, call_sid))
    assert await writer.flush(10)
    await writer.close()
    assert overtaken == [CALL]
    assert (await texts(store), await texts(store, OTHER)) == ([], ["Hello there."])


VICTIM = """
import asyncio, json, sys, time
from datetime import UTC, datetime
from twilio_openai.services.store_service import open_store
from twilio_openai.store import Said, Started, StoreWriter
from twilio_openai.transcript import Turn

async def talk(url):
    writer = StoreWriter(open_store(url))
    writer.start()
    writer.put(Started("CA1", 1, datetime.now(UTC)))
    words = []
    for number in range(10_000):
        words.append(f"word{number}")
        if number % 10 == 0:  # every half second
            settled = Turn("caller", f"c{number}", "Yes.", number * 50)
            writer.put(Said("CA1", 1, number + 1, settled))
            writer.put(Said("CA1", 1, 0, Turn("agent", "a", " ".join(words), 0, heard_ms=number * 50), settled=False))
        print(json.dumps([number, time.time()]), flush=True)
        await asyncio.sleep(0.05)

asyncio.run(talk(sys.argv[1]))
"""


async def test_of_a_process_that_is_killed_at_most_the_last_second_is_missing(url: str) -> None:
    pipe = asyncio.subprocess.PIPE
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", VICTIM, url, stdout=pipe)
    assert victim.stdout is not None
    said_at: dict[int, float] = {}
    async with asyncio.timeout(30):
        while len(said_at) < 47:
            number, at = json.loads(await victim.stdout.readline())
            said_at[number] = at
        os.kill(victim.pid, signal.SIGKILL)
        killed_at = time.time()
        await victim.communicate()

    store = open_store(url)
    call = await store.load("CA1")
    await store.close()
    assert call is not None
    playing, *settled = call.turns
    assert (playing.turn.item_id, playing.settled) == ("a", False)
    assert killed_at - said_at[len(playing.turn.text.split()) - 1] < 1.0
    assert {f"c{number}" for number, at in said_at.items() if number % 10 == 0 and killed_at - at > 1} <= {
        one.turn.item_id for one in settled
    }


async def test_a_process_that_forgets_to_close_can_still_end(tmp_path: Path) -> None:
    forgetful = VICTIM.replace("range(10_000)", "range(3)")
    url = f"sqlite:///{tmp_path}/calls.sqlite3"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", forgetful, url, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(20):
        assert await process.wait() == 0


async def test_progress_of_a_call_that_is_not_stored_is_passed_over(writer: StoreWriter, store: CallStore) -> None:
    writer.put(Said(CALL, 1, 0, agent("i1"), settled=False))
    assert await writer.flush(10)
    assert await store.load(CALL) is None
