"""A lost session with the model: the call goes on in another, which knows exactly what was said and heard."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from house import house, say, words

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.answers import Answer, Fault, Said
from twilio_openai.rehearsal.model_session import ModelSession
from twilio_openai.rehearsal.truth import delivery

TOTAL = speech.load("agent-total")
AFTER_PRICE_MS = TOTAL.word("also").end_ms


def sessions(*scripts: Sequence[Answer]) -> Callable[[ModelSession], Answer | None]:
    """Answers for the first session, the second, ..."""
    known: list[ModelSession] = []
    left = [list(script) for script in scripts]

    def script(session: ModelSession) -> Answer | None:
        if session not in known:
            known.append(session)
        answers = left[min(known.index(session), len(left) - 1)]
        return answers.pop(0) if answers else None

    return script


def broken(kind: str, at_ms: float) -> Answer:
    """The total, of which only so much is generated."""
    return Answer((Said(TOTAL),), faults=(Fault(kind, at_ms),))


def told(session: ModelSession) -> list[tuple[str, str]]:
    """The conversation that a new session was told: (role, words)."""
    created = [event["item"] for _, event in session.received if event["type"] == "conversation.item.create"]
    return [(item["role"], item["content"][0]["text"]) for item in created]


@pytest.mark.parametrize("kind", ["drop", "close", "expire"])
async def test_an_answer_that_is_cut_off_by_the_loss_is_continued(kind: str) -> None:
    script = sessions([say("agent-greeting"), broken(kind, AFTER_PRICE_MS)], [say("agent-total-again")])
    async with house(script) as opened:
        phone = await opened.call()
        await phone.until_playing()
        await phone.until_quiet()
        phone.say(speech.load("caller-bagels"))
        await phone.until_said()
        await phone.until_playing()
        await phone.until_quiet(1500)
        phone.hang_up()
        record = await opened.record(phone)
        greeting = speech.load("agent-greeting").text
        first, cut, again = words(record["turns"])
        assert (first, again) == (greeting, speech.load("agent-total-again").text)
        assert cut.startswith("That will be $9.05. Cash")
        assert "discount" not in cut
        assert [turn["interrupted"] for turn in record["turns"] if turn["role"] == "agent"] == [False, True, False]
        second = opened.model.session(1)
        assert told(second) == [
            ("assistant", greeting),
            ("user", "I want bagels and a soda."),
            ("assistant", cut),
        ]
        creates = opened.to_model("response.create", session=1)
        assert f"{cut}”" in creates[0]["response"]["instructions"]
        assert "discount" not in str(second.received)
        lost, opened_again = opened.event_times("model.lost", phone), opened.event_times("websocket.opened", phone)
        assert opened_again[-1] - lost[0] < 1.5
        assert not opened.model.refusals


async def test_a_turn_without_an_answer_is_heard_again_and_stands_once_in_the_transcript() -> None:
    script = sessions([say("agent-greeting"), broken("drop", 0.0)], [say("agent-order"), say("agent-sure")])
    async with house(script) as opened:
        phone = await opened.call()
        await phone.until_playing()
        await phone.until_quiet()
        phone.say(speech.load("caller-hello"))
        await phone.until_said()
        await phone.until_playing(15)
        await phone.until_quiet()
        phone.hang_up()
        record = await opened.record(phone)
        said = speech.load("caller-hello").text
        assert [turn["text"] for turn in record["turns"] if turn["text"]] == [
            speech.load("agent-greeting").text,
            said,
            speech.load("agent-order").text,
        ]
        assert told(opened.model.session(1)) == [("assistant", speech.load("agent-greeting").text)]


async def test_what_the_caller_says_to_a_frozen_model_is_not_lost() -> None:
    script = sessions([say("agent-greeting"), broken("freeze", AFTER_PRICE_MS)], [say("agent-coffee")])
    async with house(script) as opened:
        phone = await opened.call()
        await phone.until_playing()
        await phone.until_quiet()
        phone.say(speech.load("caller-bagels"))
        await phone.until_said()
        await phone.until_playing()
        await phone.until_quiet()
        phone.say(speech.load("caller-coffee"))
        await phone.until_said()
        await phone.until_playing(20)
        await phone.until_quiet()
        phone.hang_up()
        record = await opened.record(phone)
        assert words(record["turns"], "caller")[-1] == speech.load("caller-coffee").text
        assert words(record["turns"])[-1] == speech.load("agent-coffee").text


async def test_a_model_that_stays_away_ends_in_an_apology() -> None:
    script = sessions([say("agent-greeting", faults=(Fault("drop", 1000.0),))])
    async with house(script, reconnect_seconds=1.0, fallback_number="+15550009999") as opened:
        phone = await opened.call()
        await phone.until_playing()
        opened.model.options.refuse_status = 503
        assert await phone.over() in ("hangup", "document ended")
        assert phone.said
        assert phone.dialled == ["+15550009999"]
        record = await opened.record(phone)
        assert record["ended_by"] == "model_away"


async def test_audio_around_a_loss_arrives_whole() -> None:
    script = sessions([say("agent-greeting", faults=(Fault("drop", 500.0),))], [say("agent-sure"), say("agent-coffee")])
    async with house(script) as opened:
        phone = await opened.call()
        await phone.until_playing()
        phone.say(speech.load("caller-coffee"))
        await phone.until_said()
        await phone.until_playing(10)
        await phone.until_quiet()
        sent = phone.sent_audio
        second: Any = opened.model.session(1)
        whole = delivery(sent[-len(second.appended) :], bytes(second.appended))
        phone.hang_up()
        await opened.record(phone)
        assert whole.missing_bytes == 0
