"""A call in the store: what the commands print while it runs and after it has ended is what the log says."""

import asyncio

from house import house, say, until

from twilio_openai.rehearsal import speech
from twilio_openai.services.store_service import open_store
from twilio_openai.store import StoredCall


async def stored(url: str, call_sid: str) -> StoredCall | None:
    store = open_store(url)
    try:
        return await store.load(call_sid)
    finally:
        await store.close()


async def test_every_turn_and_the_end_are_stored() -> None:
    async with house([say("agent-greeting"), say("agent-sure")]) as opened:
        phone = await opened.call()
        await phone.until_playing()
        await phone.heard(1500)
        phone.say(speech.load("caller-wait"))
        await phone.until_said()
        await phone.until_playing()
        await phone.until_quiet()
        phone.hang_up()
        record = await opened.record(phone)
        call: StoredCall | None = None
        for _ in range(50):
            await asyncio.sleep(0.1)
            call = await stored(opened.settings.database_url, phone.call_sid)
            if call is not None and call.ended_by:
                break
        assert call is not None
        assert (call.ended_by, call.duration_ms) == ("caller", record["duration_ms"])
        log = call.log()
        assert [(turn["role"], turn["text"]) for turn in log.turns] == [
            (turn["role"], turn["text"]) for turn in record["turns"]
        ]


async def test_of_a_turn_that_is_playing_the_store_claims_what_was_heard_and_no_more() -> None:
    async with house([say("agent-hours")]) as opened:
        phone = await opened.call()
        await phone.until_playing()
        await phone.heard(4000)
        call = await stored(opened.settings.database_url, phone.call_sid)
        assert call is not None
        [turn] = call.log().turns
        truly = len(next(iter(opened.heard(phone).values())).words)
        assert 0 < len(turn["text"].split()) <= truly
        phone.hang_up()
        await until(lambda: bool(opened.events("call.transcript", phone)), 6.0, "the record")
