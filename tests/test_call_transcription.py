"""The caller's words come late, out of order, not at all: each turn keeps the place of its speech."""

import asyncio
import time
from typing import Any

import pytest
from house import CALLERS, House, house, say, words
from stage import together

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.hearing import Hearing
from twilio_openai.rehearsal.phone import Phone

MOMENT, SURE = "One moment, please.", "Sure. What would you like to order?"


async def talk(h: House) -> Phone:
    """Greeting, "Yes please.", an answer, "I will pay cash.", another; then silence."""
    phone = await h.call()
    for words_ in ("caller-yes", "caller-cash"):
        await phone.until_playing()
        await phone.until_quiet(100)
        phone.say(speech.load(words_))
        await phone.until_said()
    await phone.until_playing()
    await phone.until_quiet(100)
    return phone


SCRIPT = [say("agent-moment"), say("agent-sure"), say("agent-moment")]


@together
async def test_words_that_come_late_and_in_the_wrong_order_keep_their_places() -> None:
    async with house(SCRIPT, hearing=Hearing(CALLERS, delay_ms=(4500.0, 200.0))) as h:
        phone = await talk(h)
        phone.hang_up()
        record = await h.record(phone)
        assert [turn["text"] for turn in record["turns"]] == [MOMENT, "Yes please.", SURE, "I will pay cash.", MOMENT]
        published = [r["text"] for r in h.events("transcript.turn") if r["role"] == "caller"]
        assert published == ["I will pay cash.", "Yes please."]


@together
async def test_a_failed_transcription_keeps_its_place() -> None:
    async with house(SCRIPT, hearing=Hearing(CALLERS, delay_ms=100.0, fails={0})) as h:
        phone = await talk(h)
        phone.hang_up()
        record = await h.record(phone)
        failed = record["turns"][1]
        assert (failed["role"], failed["text"], failed["failed"]) == ("caller", "", True)
        assert words(record["turns"], "caller") == ["", "I will pay cash."]
        assert "failed" not in record["turns"][3]


@pytest.mark.parametrize("hangs_up", [True, False])
@together
async def test_words_under_way_at_the_end_are_waited_for(hangs_up: bool) -> None:
    limit: dict[str, Any] = {} if hangs_up else {"max_call_seconds": 4.5}
    async with house([say("agent-moment")], hearing=Hearing(CALLERS, delay_ms=2000.0), **limit) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet(100)
        phone.say(speech.load("caller-yes"))
        await phone.until(lambda: bool(h.model.session().caller_said), 4, "the turn's end")
        if hangs_up:
            phone.hang_up()
        else:
            await phone.over()
        record = await h.record(phone)
        assert words(record["turns"], "caller") == ["Yes please."]
        assert record["ended_by"] == ("caller" if hangs_up else "time_limit")


@together
async def test_words_that_never_come_count_as_failed() -> None:
    async with house([say("agent-moment")], hearing=Hearing(CALLERS, never={0})) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet(100)
        phone.say(speech.load("caller-yes"))
        await phone.until(lambda: bool(h.model.session().caller_said), 4, "the turn's end")
        phone.hang_up()
        began = time.monotonic()
        record = await h.record(phone)
        assert 2.0 < time.monotonic() - began < 4.0
        assert record["turns"][1]["failed"] is True
        assert (await phone.over()) == "caller"


@together
async def test_a_caller_who_hangs_up_in_mid_sentence_has_a_turn() -> None:
    async with house([say("agent-moment")], hearing=Hearing(CALLERS, delay_ms=300.0)) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet(100)
        phone.say(speech.load("caller-hello"))
        await asyncio.sleep(1.4)
        phone.hang_up()
        record = await h.record(phone)
        assert words(record["turns"], "caller")[0].startswith("Hello, I would like")
