"""Calls and turns in the store, the same on SQLite and on PostgreSQL."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from store_stage import CALL, LEASE, NOW, OTHER, agent, caller, cluster, empty_database, said, started, store, url

from twilio_openai import log_reader
from twilio_openai.services.store_service import open_store
from twilio_openai.store import CallStore, Change, Ended, Said, StoreAway, StoredCall, StoreRefused

__all__ = ["store", "url"]


async def loaded(store: CallStore, call_sid: str = CALL) -> StoredCall:
    call = await store.load(call_sid)
    assert call is not None
    return call


async def texts(store: CallStore, call_sid: str = CALL) -> list[str]:
    return [stored.turn.text for stored in (await loaded(store, call_sid)).turns]


async def test_a_call_comes_back_as_it_was_written(store: CallStore) -> None:
    cut = agent("i3", "Nine dollars", unheard="and five cents.", interrupted=True, confidence=0.75, started_ms=3000)
    lost = caller("i4", "", 5000, failed=True)
    spoken = [agent("i1"), caller("i2"), cut, lost]
    end = Ended(
        CALL, 1, NOW + timedelta(seconds=61), "caller", 61_000, {"stream": {"frames_in": 3050}, "latency": None}
    )
    await store.write([started(account_sid="AC1"), *(said(turn, place) for place, turn in enumerate(spoken)), end])

    call = await loaded(store)
    assert [stored.turn for stored in call.turns] == spoken
    assert [stored.settled for stored in call.turns] == [True] * 4
    assert (call.from_number, call.to_number, call.account_sid) == ("+15550001111", "+15550002222", "AC1")
    assert (call.started_at, call.ended_at, call.ended_by, call.duration_ms) == (NOW, end.at, "caller", 61_000)
    assert (call.generation, call.owner, call.lease_until, call.record) == (1, "a", None, end.record)
    assert call.started_at.utcoffset() == timedelta(0)


async def test_its_log_is_what_the_log_reader_prints(store: CallStore) -> None:
    await store.write([started(), said(agent("i1", "Hello", unheard="there."), 0), said(caller("i2"), 1)])
    log = (await loaded(store)).log()
    assert log.turns == [agent("i1", "Hello", unheard="there.").record(), caller("i2").record()]
    assert not log.complete
    assert "Hello ⟨there.⟩" in log_reader.render(log, unheard=True)
    await store.write([Ended(CALL, 1, NOW, "agent", 1500)])
    assert (await loaded(store)).log().complete


async def test_the_order_is_that_of_the_conversation(store: CallStore) -> None:
    """A caller's turn is transcribed after the answer to it is under way, and keeps its place before it."""
    await store.write([started(), said(agent("i1", "one"), 0), said(agent("i3", "three"), 2)])
    await store.write([said(caller("i2", "two"), 1)])
    assert await texts(store) == ["one", "two", "three"]


async def test_progress_is_replaced_and_never_replaces(store: CallStore) -> None:
    progress = [said(agent("i1", words), 0, settled=False) for words in ("Hello", "Hello there,", "Hello there, how")]
    await store.write([started(), *progress[:2]])
    assert await texts(store) == ["Hello there,"]
    assert not (await loaded(store)).turns[0].settled
    await store.write([said(agent("i1", "Hello there, how are you?"), 0), progress[2]])
    await store.write([progress[2]])
    assert await texts(store) == ["Hello there, how are you?"]
    assert (await loaded(store)).turns[0].settled


async def test_whatever_is_written_may_be_written_again(store: CallStore) -> None:
    """A commit whose answer was lost is repeated whole."""
    everything: list[Change] = [
        started(),
        said(agent("i1"), 0),
        said(caller("i2"), 1),
        Ended(CALL, 1, NOW, "caller", 9000),
    ]
    await store.write(everything)
    before = await loaded(store)
    await store.write(everything)
    after = await loaded(store)
    assert [stored.turn for stored in after.turns] == [stored.turn for stored in before.turns]
    assert (after.ended_by, after.duration_ms, after.generation) == ("caller", 9000, 1)


async def test_an_older_generation_is_refused_and_named(store: CallStore) -> None:
    await store.write([started(), said(agent("i1", "before"), 0), started(OTHER), said(agent("i1", "else"), 0, OTHER)])
    assert await store.write([started(generation=2, owner="b"), said(agent("j1", "after"), 0, generation=2)]) == set()

    late: list[Change] = [
        said(agent("i1", "rewritten"), 0),
        Ended(CALL, 1, NOW, "error", 1),
        started(),
        said(caller("i2"), 1),
    ]
    assert await store.write([*late, said(agent("i2", "still served"), 1, OTHER)]) == {CALL}
    assert await texts(store) == ["before", "after"]
    assert await texts(store, OTHER) == ["else", "still served"]
    call = await loaded(store)
    assert (call.owner, call.generation, call.ended_at) == ("b", 2, None)


async def test_a_generation_that_nobody_has_claimed_writes_nothing(store: CallStore) -> None:
    await store.write([started()])
    assert await store.write([said(agent("i1"), 0, generation=2)]) == set()
    assert await texts(store) == []


async def test_turns_of_an_earlier_stream_come_first_and_stay_there(store: CallStore) -> None:
    await store.write([started(), said(agent("i1", "one"), 0), said(agent("i2", "two, as far as"), 1, settled=False)])
    await store.write([started(generation=2), said(caller("j1", "three"), 0, generation=2)])
    await store.write([said(agent("i2", "two, as far as heard", interrupted=True), 1, generation=2)])
    assert await texts(store) == ["one", "two, as far as heard", "three"]
    assert (await loaded(store)).started_at == NOW


async def test_a_call_that_goes_on_has_not_ended(store: CallStore) -> None:
    await store.write([started(), Ended(CALL, 1, NOW, "transferred", 4000, {"stream": {}})])
    await store.write([started(generation=2, from_number="", at=NOW + timedelta(seconds=9))])
    call = await loaded(store)
    assert (call.ended_at, call.ended_by, call.duration_ms) == (None, None, None)
    assert (call.from_number, call.started_at, call.lease_until) == ("+15550001111", NOW, LEASE)


async def test_no_word_of_anybody_can_stop_a_batch(store: CallStore) -> None:
    odd = "nul \0, half \ud83d, whole \U0001f600, 'quote\", \u202e"
    await store.write([started(from_number="\0+1"), said(caller("i" * 5000 + "\0", odd), 0), said(agent("i2"), 1)])
    call = await loaded(store)
    assert call.turns[0].turn.text == odd.replace("\0", "").replace("\ud83d", "?")
    assert len(call.turns) == 2


async def test_a_row_that_cannot_be_stored_is_refused_and_its_batch_undone(store: CallStore) -> None:
    secret = "what the caller said"
    bad = said(caller("i2", secret), 1, generation=1)
    object.__setattr__(bad.turn, "started_ms", secret)
    with pytest.raises(StoreRefused) as refused:
        await store.write([started(), Ended(CALL, 1, NOW, "caller", 1, {"unjsonable": object()})])
    if "postgresql" in store.name:  # SQLite takes any word for a number
        with pytest.raises(StoreRefused) as refused:
            await store.write([started(), said(agent("i1"), 0), bad])
    assert secret not in str(refused.value)
    assert await store.load(CALL) is None


async def test_calls_are_listed_newest_first_with_the_number_of_their_turns(store: CallStore) -> None:
    for number in range(5):
        sid = f"CA{number:032}"
        turns = [said(agent(f"i{place}"), place, sid) for place in range(number)]
        await store.write([started(sid, at=NOW + timedelta(minutes=number)), *turns])
    listed = await store.list_calls(3)
    assert [call.turn_count for call in listed] == [4, 3, 2]
    since = NOW + timedelta(minutes=3)
    assert [call.started_at for call in await store.list_calls(since=since)] == [since + timedelta(minutes=1), since]


async def test_a_call_is_found_by_the_end_of_its_name(store: CallStore) -> None:
    await store.write([started(), started(OTHER)])
    assert (await store.find("0001")) == await store.load(CALL) == await store.find(CALL)
    assert (await store.find("…0002")) == await store.load(OTHER)
    for name in ("CA0", "000", "%", "_", "", "9"):
        assert await store.find(name) is None


async def test_one_call_or_one_number_is_erased(store: CallStore) -> None:
    third = "CA00000000000000000000000000000003"
    await store.write([started(), started(OTHER, to_number="+49301"), started(third, from_number="+49301")])
    await store.write([said(agent("i1"), 0), said(agent("i1"), 0, OTHER), said(agent("i1"), 0, third)])
    assert await store.erasing.number("+49301", dry_run=True) == 2
    assert await store.erasing.number("+49301") == 2
    assert [call.call_sid for call in await store.list_calls()] == [CALL]
    assert await store.erasing.call(CALL) == 1
    assert await store.erasing.call(CALL) == 0
    assert await store.list_calls() == []


async def test_what_is_erased_stays_erased(store: CallStore) -> None:
    await store.write([started(), said(agent("i1"), 0)])
    await store.erasing.call(CALL)
    assert await store.write([said(agent("i2"), 1), Ended(CALL, 1, NOW, "caller", 1)]) == set()
    assert await store.load(CALL) is None


async def test_by_age_only_calls_go_that_are_over(store: CallStore) -> None:
    old, moment = NOW - timedelta(days=40), NOW - timedelta(days=30)
    await store.write([started("CAended", at=old), Ended("CAended", 1, old, "caller", 1)])
    await store.write([started("CAlong", at=old), Ended("CAlong", 1, NOW, "caller", 1)])
    await store.write([started("CAup", at=old), started("CAdied", at=old, lease_until=old + timedelta(seconds=9))])
    assert await store.erasing.older_than(moment, dry_run=True) == 2
    assert await store.erasing.older_than(moment) == 2
    assert {call.call_sid for call in await store.list_calls()} == {"CAlong", "CAup"}


async def test_erased_words_are_not_left_in_the_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/calls.sqlite3")
    await store.migrate()
    words = "the password is swordfish"
    await store.write([started(), said(caller("i1", words), 0)])
    await store.erasing.call(CALL)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    await store.close()
    assert words.encode() not in left


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/calls.sqlite3")
    await store.migrate()
    modes = {stat.S_IMODE(os.stat(path).st_mode) for path in tmp_path.iterdir()}  # noqa: ASYNC240
    await store.close()
    assert modes == {0o600}


async def test_the_file_is_read_while_another_writes(tmp_path: Path) -> None:
    writer, reader = (open_store(f"sqlite:///{tmp_path}/calls.sqlite3") for _ in range(2))
    await writer.migrate()
    await writer.write([started(), said(agent("i1", "one"), 0)])
    async with writer._database.writing():  # a batch is being written
        assert await texts(reader) == ["one"]
    await writer.close()
    await reader.close()


@pytest.mark.parametrize("away", ["sqlite:////nowhere/calls.sqlite3", "postgres://u:hunter2@127.0.0.1:1/calls"])
async def test_a_store_that_is_away_is_one_kind_of_error(away: str) -> None:
    store = open_store(away)
    for action in (store.migrate(), store.write([started()]), store.load(CALL), store.erasing.call(CALL)):
        with pytest.raises(StoreAway) as error:
            await action
        assert "hunter2" not in f"{error.value} {store.name}"
        assert "\n" not in str(error.value)
    await store.close()


async def test_a_wrong_password_is_not_repeated() -> None:
    empty_database()
    store = open_store(cluster().url.replace("s3cret", "hunter2"))
    with pytest.raises(StoreAway, match="password authentication failed") as error:
        await store.migrate()
    assert "hunter2" not in str(error.value)
    await store.close()


async def test_a_connection_that_died_in_the_pool_is_not_noticed() -> None:
    store = open_store(empty_database())
    await store.migrate()
    backends = "pg_stat_activity WHERE application_name <> 'psql' AND backend_type = 'client backend'"
    cluster().sql(f"SELECT pg_terminate_backend(pid) FROM {backends}")
    await store.write([started(), Said(CALL, 1, 0, agent("i1"))])
    assert (await loaded(store)).turn_count == 1
    await store.close()
