"""GREETING_INTERRUPTIBLE: by default the greeting can be cut like any answer; false protects it to its end."""

import asyncio

from house import House, house, say, until, words
from stage import together

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.line import Line


async def over(h: House) -> None:
    """The greeting has been heard: from now on the caller may interrupt."""
    await until(lambda: len(h.to_model("session.update")) == 2, 8, "the end of the protection")


@together
async def test_the_greeting_can_be_cut() -> None:
    async with house([say("agent-greeting"), say("agent-sure")]) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.heard(900)
        phone.say(speech.load("caller-wait"))
        await phone.until(lambda: bool(phone.loudspeaker.cuts), 2, "the clear")
        phone.hang_up()
        assert (await h.record(phone))["turns"][0]["interrupted"]


@together
async def test_a_protected_greeting_is_heard_whole_and_what_was_said_meanwhile_is_answered() -> None:
    async with house(
        [say("agent-greeting"), say("agent-sure"), say("agent-coffee")], greeting_interruptible=False
    ) as h:
        phone = await h.call(Line(30, 30, 20, 60))
        await phone.until_playing()
        await phone.heard(300)
        phone.say(speech.load("caller-yes"))
        await over(h)
        greeting = speech.load("agent-greeting").audio
        assert phone.played_audio[: len(greeting)] == greeting
        assert phone.loudspeaker.cuts == []
        await phone.until_playing()
        await phone.heard(1200)
        phone.say(speech.load("caller-wait"))
        await phone.until(lambda: bool(phone.loudspeaker.cuts), 2, "the clear: only the greeting was protected")
        await phone.until_said()
        await phone.until_playing()
        phone.hang_up()
        record = await h.record(phone)
        assert [turn["text"] for turn in record["turns"]][:2] == [
            "Thanks for calling the Corner Bakery. How can I help you today?",
            "Yes please.",
        ]
        assert words(record["turns"])[1].startswith("Sure.")
        assert h.model.refusals == []
        assert phone.warnings == []


@together
async def test_speech_that_goes_on_beyond_a_protected_greeting_is_answered_once() -> None:
    async with house([say("agent-moment"), say("agent-sure"), say("agent-coffee")], greeting_interruptible=False) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.heard(700)
        phone.say(speech.load("caller-hello"))
        await phone.until_said()
        assert phone.played_audio == speech.load("agent-moment").audio
        await phone.until_playing()
        await phone.until_quiet(600)
        phone.hang_up()
        record = await h.record(phone)
        assert [turn["text"] for turn in record["turns"]] == [
            "One moment, please.",
            "Hello, I would like to place an order.",
            "Sure. What would you like to order?",
        ]
        assert h.model.refusals == []


@together
async def test_two_turns_during_a_protected_greeting() -> None:
    async with house(
        [say("agent-greeting"), say("agent-sure"), say("agent-coffee")], greeting_interruptible=False
    ) as h:
        phone = await h.call()
        await phone.until_playing()
        phone.say(speech.load("caller-wait"))
        await phone.until_said()
        await asyncio.sleep(0.8)
        phone.say(speech.load("caller-yes"))
        await over(h)
        await phone.until_playing()
        await phone.until_quiet(600)
        phone.hang_up()
        record = await h.record(phone)
        assert words(record["turns"], "caller") == ["Wait, wait.", "Yes please."]
        assert words(record["turns"]) == [
            "Thanks for calling the Corner Bakery. How can I help you today?",
            "Sure. What would you like to order?",
        ]
        assert h.model.refusals == []
