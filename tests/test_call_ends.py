"""Every way in which a call can end: what the caller hears, what Twilio is told, and the one record that remains."""

import asyncio
from functools import partial

import pytest
from house import house, say, until, words
from stage import together

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.answers import Answer, Call, Said
from twilio_openai.rehearsal.phone import Phone

# -- the agent ends it


def ends(*items: Said | Call) -> Answer:
    return Answer((*items, Call("end_call", {"reason": "the caller said goodbye"})))


@together
async def test_the_agent_says_goodbye_and_hangs_up() -> None:
    async with house([ends(Said(speech.load("agent-bye")))], rest=True) as h:
        phone = await h.call()
        assert await phone.over() == "hangup"
        record = await h.record(phone)
        assert words(record["turns"]) == ["Thank you for calling. Goodbye!"]
        assert record["ended_by"] == "agent"
        assert phone.played_audio == speech.load("agent-bye").audio, "heard to its end"
        assert h.events("tool.result", phone)[0]["name"] == "end_call"
        await asyncio.sleep(2.5)
        assert h.rest
        assert h.rest.changes == [], "Twilio has asked; there is nothing left to do by REST"
        assert h.model.refusals == []


@together
async def test_without_a_goodbye_in_the_same_answer_one_more_is_asked_for() -> None:
    async with house([ends(), say("agent-bye")], rest=True) as h:
        phone = await h.call()
        assert await phone.over() == "hangup"
        assert words((await h.record(phone))["turns"]) == ["Thank you for calling. Goodbye!"]
        assert phone.played_audio == speech.load("agent-bye").audio
        assert h.model.refusals == []


@together
async def test_a_caller_who_speaks_first_cancels_the_end() -> None:
    async with house([ends(Said(speech.load("agent-ready"))), say("agent-sure")], rest=True) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.heard(1200)
        phone.say(speech.load("caller-no"))
        await phone.until(lambda: bool(phone.loudspeaker.cuts), 3, "the clear")
        await phone.until_said()
        await phone.until_playing()
        await phone.until_quiet(1500)
        assert phone.ended is None
        phone.hang_up()
        record = await h.record(phone)
        assert record["ended_by"] == "caller"
        assert words(record["turns"])[-1] == "Sure. What would you like to order?"


@together
async def test_a_stream_whose_end_twilio_does_not_ask_about_is_ended_by_rest() -> None:
    async with house([ends(Said(speech.load("agent-bye")))], rest=True) as h:
        phone = await h.phone()
        await phone.ring()
        assert phone.document
        connect_ = phone.document.verb("Connect")
        assert connect_
        connect_.attributes.pop("action")
        await phone.connect()
        phone.flow.fields()
        await h.record(phone, 8)
        await until(lambda: bool(h.rest and h.rest.changes), 4, "the REST request")
        assert h.rest
        [change] = h.rest.changes
        assert change.fields == {"Status": "completed"}
        assert change.call_sid == phone.call_sid


# -- a transfer


def transfers(*items: Said | Call) -> Answer:
    return Answer((*items, Call("transfer_call", {"reason": "the caller wants a person"})))


@together
async def test_a_transfer_is_recorded_as_one() -> None:
    number = "+15551234567"
    script = [transfers(Said(speech.load("agent-moment")))]
    async with house(script, rest=True, transfer_number=number) as h:
        phone = await h.call()
        await phone.over(10)
        assert (await h.record(phone))["ended_by"] == "transferred"


@pytest.mark.parametrize("outcome", ["completed", "busy"])
@together
async def test_a_transfer_after_its_sentence(outcome: str) -> None:
    number = "+15551234567"
    script = [transfers(Said(speech.load("agent-moment")))]
    async with house(script, rest=True, transfer_number=number) as h:
        phone = await h.call(dial_outcomes={number: outcome})
        await phone.over(10)
        record = await h.record(phone)
        assert words(record["turns"]) == ["One moment, please."]
        assert phone.played_audio == speech.load("agent-moment").audio
        assert phone.dialled == [number]
        assert bool(phone.said) == (outcome == "busy"), "words, when nobody took the call"
        assert number not in str(h.log)
        assert h.rest
        assert [change.status for change in h.rest.changes] == [200]


@together
async def test_a_transfer_that_twilio_refuses_leaves_the_caller_with_the_agent() -> None:
    script = [transfers(Said(speech.load("agent-moment"))), say("agent-sure")]
    async with house(script, transfer_number="+15551234567", twilio_api_url="http://127.0.0.1:9") as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet(1200)
        assert phone.ended is None
        phone.hang_up()
        record = await h.record(phone)
        assert record["ended_by"] == "caller"
        assert words(record["turns"]) == ["One moment, please.", "Sure. What would you like to order?"]
        assert h.events("transfer.failed", phone)


# -- limits and losses


@together
async def test_the_time_limit() -> None:
    async with house([say("agent-hours")], max_call_seconds=2.0) as h:
        phone = await h.call()
        assert await phone.over() == "hangup"
        record = await h.record(phone)
        assert record["ended_by"] == "time_limit"
        assert 1950 < record["duration_ms"] < 2400
        assert record["turns"][0]["interrupted"]


def _connected_again(phone: Phone, times: int) -> bool:
    return len(phone.streams) == times + 1


@together
async def test_a_dropped_stream_is_connected_again_with_a_fresh_token() -> None:
    async with house(lambda _: say("agent-moment")) as h:
        phone = await h.call()
        tokens = {phone.documents[0].parameters["token"]}
        for times in range(1, 4):
            await phone.until_playing()
            phone.drop()
            await phone.until(partial(_connected_again, phone, times), 5, "the next stream")
            tokens.add(phone.documents[-1].parameters["token"])
        assert len(tokens) == 4
        await phone.until_playing()
        phone.drop()
        await phone.over()
        assert "sorry" in " ".join(phone.said), "three times a minute, no more"
        assert phone.warnings == []


@pytest.mark.xfail(reason="each stream of a call has a record, a clock and a greeting of its own")
@together
async def test_a_call_that_is_connected_again_has_one_record() -> None:
    async with house(lambda _: say("agent-moment")) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.heard(1000)
        phone.drop()
        await phone.until(lambda: len(phone.streams) == 2, 5, "the next stream")
        await phone.until_playing()
        await phone.until_quiet()
        phone.hang_up()
        await asyncio.sleep(1)
        [record] = h.events("call.transcript", phone)
        assert len(record["turns"]) == 2
        assert record["duration_ms"] >= 2800
        assert record["turns"][1]["started_ms"] > 1000


@together
async def test_an_error_of_our_own_ends_in_an_apology_and_a_record() -> None:
    async with house([say("agent-hours")]) as h:
        phone = await h.call()
        await phone.until_playing()
        [call] = h.app.state.server.calls
        call._adapter.conversation.agent.ledger.echoed = None
        await phone.over(10)
        assert "sorry" in " ".join(phone.said)
        assert (await h.record(phone))["ended_by"] == "error"
        assert h.events("call.failed", phone)


@together
async def test_the_server_closes_with_calls_up() -> None:
    async with house(lambda _: say("agent-hours")) as h:
        phones = [await h.call() for _ in range(3)]
        for phone in phones:
            await phone.until_playing()
        await h.app.state.server.close()
        for phone in phones:
            record = await h.record(phone)
            assert record["ended_by"] == "shutdown"
            assert record["turns"][0]["interrupted"]
