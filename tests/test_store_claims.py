"""Whose call it is: generations, leases, tokens. Two stores stand for two replicas."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from store_stage import CALL, LEASE, NOW, OTHER, agent, said, started, store, url

from twilio_openai.services.store_service import open_store
from twilio_openai.store import CallStore, Ended, statements

__all__ = ["store", "url"]


@pytest.fixture
async def replica(url: str, store: CallStore) -> AsyncIterator[CallStore]:
    opened = open_store(url)
    yield opened
    await opened.close()


async def claim(store: CallStore, owner: str, expected: int, call_sid: str = CALL) -> int | None:
    return await store.claims.claim(call_sid, owner, expected, now=NOW, lease_until=LEASE)


async def test_an_unknown_call_is_claimed_once(store: CallStore, replica: CallStore) -> None:
    won = await asyncio.gather(
        *(claim(one, owner, 0) for one, owner in ((store, "a"), (replica, "b")) for _ in range(3))
    )
    assert sorted(won, key=str) == [1, None, None, None, None, None]


async def test_a_known_call_is_taken_over_once(store: CallStore, replica: CallStore) -> None:
    await store.write([started()])
    won = await asyncio.gather(
        *(claim(one, owner, 1) for one, owner in ((store, "b"), (replica, "c")) for _ in range(3))
    )
    assert sorted(won, key=str) == [2, None, None, None, None, None]
    call = await store.load(CALL)
    assert call is not None
    assert (call.generation, call.owner) == (2, "bc"[won.index(2) // 3])


async def test_a_claim_expects_the_newest_generation(store: CallStore) -> None:
    assert await claim(store, "a", 3) is None
    assert [await claim(store, "a", expected) for expected in (0, 1, 1, 0, 2)] == [1, 2, None, None, 3]


async def test_the_first_stream_after_a_claim_completes_the_call(store: CallStore) -> None:
    await claim(store, "a", 0)
    assert await store.write([started(at=NOW + timedelta(seconds=2)), said(agent("i1"), 0)]) == set()
    call = await store.load(CALL)
    assert call is not None
    assert (call.from_number, call.started_at, call.turn_count) == ("+15550001111", NOW, 1)


async def test_whoever_was_overtaken_is_told_at_its_next_write(store: CallStore, replica: CallStore) -> None:
    await store.write([started(), said(agent("i1"), 0), started(OTHER)])
    assert await claim(replica, "b", 1) == 2
    assert await store.write([said(agent("i2"), 1), said(agent("i1"), 0, OTHER)]) == {CALL}
    assert await replica.write([said(agent("j1"), 0, generation=2)]) == set()


async def test_a_claim_waits_for_a_write_that_is_under_way(store: CallStore, replica: CallStore) -> None:
    """The check of a write and the write are one: nobody takes the call over in between."""
    await store.write([started()])
    async with store._database.writing() as connection:
        checked = await connection.execute(statements.generations({CALL}))
        assert [row.generation for row in checked] == [1]
        claiming = asyncio.create_task(claim(replica, "b", 1))
        await asyncio.sleep(0.3)
        assert not claiming.done()
    assert await claiming == 2


async def test_writes_around_a_claim_are_stored_or_refused(store: CallStore, replica: CallStore) -> None:
    await store.write([started()])
    writes = [store.write([said(agent(f"i{place}"), place)]) for place in range(20)]
    *refused, won = await asyncio.gather(*writes, claim(replica, "b", 1))
    assert won == 2
    call = await store.load(CALL)
    assert call is not None
    assert call.turn_count == sum(not superseded for superseded in refused)


async def test_claims_are_counted_by_time(store: CallStore) -> None:
    for expected, seconds in ((0, 0), (1, 30), (2, 50)):
        now = NOW + timedelta(seconds=seconds)
        await store.claims.claim(CALL, "a", expected, now=now, lease_until=now)
    assert await store.claims.claims_since(CALL, NOW + timedelta(seconds=10)) == 2
    assert await store.claims.claims_since(OTHER, NOW) == 0


async def test_a_lease_is_renewed_by_its_owner_alone(store: CallStore, replica: CallStore) -> None:
    await store.write([started(), started(OTHER)])
    await claim(replica, "b", 1)
    later = LEASE + timedelta(seconds=10)
    assert await store.claims.renew_leases("a", [CALL, OTHER, "CAunknown"], later) == {CALL}
    mine, theirs = await store.load(OTHER), await store.load(CALL)
    assert mine is not None
    assert theirs is not None
    assert (mine.lease_until, theirs.lease_until) == (later, LEASE)
    assert await store.claims.renew_leases("a", [], later) == set()


async def test_calls_whose_owner_is_silent_are_found(store: CallStore) -> None:
    late = LEASE + timedelta(seconds=5)
    await store.write(
        [started(), started(OTHER, lease_until=late), started("CAover"), started("CAfree", lease_until=None)]
    )
    await store.write([Ended("CAover", 1, NOW, "caller", 1)])
    after = LEASE + timedelta(seconds=1)
    assert [call.call_sid for call in await store.claims.expired_leases(after)] == [CALL]
    assert [call.call_sid for call in await store.claims.expired_leases(late + timedelta(seconds=1))] == [CALL, OTHER]
    await claim(store, "b", 1)
    await store.claims.renew_leases("b", [CALL], late)
    assert await store.claims.expired_leases(after) == []


async def test_a_token_is_used_once_on_whichever_replica(store: CallStore, replica: CallStore) -> None:
    tries = [one.claims.use_token("1763.ab", now=NOW, expires_at=LEASE) for one in (store, replica) for _ in range(4)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 7 + [True]
    assert await replica.claims.use_token("1763.cd", now=NOW, expires_at=LEASE)


async def test_old_tokens_are_forgotten_and_none_is_stored_as_it_is(store: CallStore, url: str) -> None:
    await store.claims.use_token("first", now=NOW, expires_at=LEASE)
    await store.claims.use_token("second", now=LEASE + timedelta(seconds=1), expires_at=LEASE + timedelta(minutes=1))
    async with store._database.reading() as connection:
        kept = list((await connection.exec_driver_sql("SELECT token_hash FROM used_tokens")).scalars())
    assert len(kept) == 1
    assert "second" not in kept[0]
