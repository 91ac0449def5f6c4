"""Tools in a call: they run beside the audio, whatever happens to them the model hears of it, and the call goes on."""

import asyncio
import json

import pytest
from house import House, Record, house, say, until, words, written
from stage import together

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.answers import Answer, Call, Said
from twilio_openai.rehearsal.phone import Phone

TOOLS = '''
import asyncio
from twilio_openai.tools import tool, CallContext

@tool
async def slow(seconds: float) -> str:
    """Take a while."""
    await asyncio.sleep(seconds)
    return f"took {seconds}"

@tool
def breaks() -> str:
    """Never works."""
    raise RuntimeError("the inside of the tool")

@tool(timeout_s=0.4)
async def hangs() -> str:
    """Never answers."""
    await asyncio.sleep(60)
    return ""

@tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b
'''


def outputs(h: House) -> dict[str, str]:
    """What the model was told of each call."""
    items = [event["item"] for event in h.to_model("conversation.item.create")]
    return {item["call_id"]: item["output"] for item in items if item["type"] == "function_call_output"}


def creates(h: House) -> int:
    return len(h.to_model("response.create"))


async def finish(h: House, phone: Phone) -> Record:
    await phone.until_playing()
    await phone.until_quiet(500)
    phone.hang_up()
    assert h.model.refusals == []
    return await h.record(phone)


@together
async def test_check_availability() -> None:
    look = Answer((Call("check_availability", {"date": "tomorrow", "time": "noon"}, call_id="call_1"),))
    async with house([look, say("agent-moment")]) as h:
        phone = await h.call()
        record = await finish(h, phone)
        assert words(record["turns"]) == ["One moment, please."]
        [result] = h.events("tool.result", phone)
        assert result["name"] == "check_availability"
        assert result["arguments"] == {"date": "tomorrow", "time": "noon"}
        assert result["result"] == outputs(h)["call_1"]
        assert "error" not in json.loads(result["result"])
        assert creates(h) == 2


@together
async def test_parallel_calls_are_answered_together() -> None:
    calls = [Call("slow", {"seconds": s}, call_id=f"call_{s}") for s in (0.5, 0.1, 0.3)]
    async with house(
        [Answer((Said(speech.load("agent-moment")), *calls)), say("agent-sure")], tools=written("tools.py", TOOLS)
    ) as h:
        phone = await h.call()
        await phone.until_playing()
        await until(lambda: creates(h) == 2, 5, "the second answer")
        assert outputs(h) == {"call_0.5": "took 0.5", "call_0.1": "took 0.1", "call_0.3": "took 0.3"}
        kinds = [event["type"] for event in h.to_model("conversation.item.create", "response.create")]
        assert kinds == ["response.create", *["conversation.item.create"] * 3, "response.create"]
        record = await finish(h, phone)
        assert words(record["turns"]) == ["One moment, please.", "Sure. What would you like to order?"]
        assert creates(h) == 2


@together
async def test_a_slow_tool_holds_up_no_audio() -> None:
    script = [Answer((Said(speech.load("agent-greeting")), Call("slow", {"seconds": 2.0}))), say("agent-sure")]
    async with house(script, tools=written("tools.py", TOOLS)) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.heard(1500)
        phone.say(speech.load("caller-wait"))
        await phone.until(lambda: bool(phone.loudspeaker.cuts), 2, "a clear while the tool runs")
        await asyncio.sleep(3)
        assert phone.sent_audio.startswith(h.model.session().appended)
        assert list(outputs(h).values()) == ["took 2.0"]
        phone.hang_up()
        await h.record(phone)


@together
async def test_an_output_that_comes_while_the_caller_speaks_waits_for_their_turn() -> None:
    script = [Answer((Call("slow", {"seconds": 1.0}),)), say("agent-sure"), say("agent-moment")]
    async with house(script, tools=written("tools.py", TOOLS)) as h:
        phone = await h.call()
        await h.model.opened()
        phone.say(speech.load("caller-hello"))
        await phone.until_said()
        await until(lambda: bool(outputs(h)), 4, "the output")
        await phone.until_playing()
        await asyncio.sleep(1)
        assert h.model.refusals == []
        phone.hang_up()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (Call("no_such_tool", {}), "no_such_tool"),
        (Call("add", "{broken"), "JSON"),
        (Call("add", "[1, 2]"), "JSON"),
        (Call("add", {"a": "one"}), "a"),
        (Call("breaks", {}), "breaks"),
        (Call("hangs", {}), "0.4"),
        (Call("check_availability", {"date": "2026-02-31", "time": "99:99"}), ""),
    ],
    ids=lambda value: f"{value.name} {value.json}" if isinstance(value, Call) else "",
)
@together
async def test_a_call_that_fails_tells_the_model_and_goes_on(call: Call, told: str) -> None:
    async with house([Answer((call,)), say("agent-moment")], tools=written("tools.py", TOOLS)) as h:
        phone = await h.call()
        record = await finish(h, phone)
        [output] = outputs(h).values()
        assert told in json.loads(output)["error"]
        assert "inside of the tool" not in output
        assert words(record["turns"]) == ["One moment, please."]
        assert len(h.events("tool.result", phone)) == 1


@together
async def test_digits_reach_the_model_and_the_transcript() -> None:
    async with house([say("agent-moment"), say("agent-sure")]) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet()
        phone.press("42")
        await asyncio.sleep(0.3)
        phone.press("0#")
        record = await finish(h, phone)
        [item] = [event["item"] for event in h.to_model("conversation.item.create")]
        assert item["role"] == "user"
        assert "420#" in item["content"][0]["text"]
        assert words(record["turns"], "caller") == ["420#"]
        assert words(record["turns"])[-1] == "Sure. What would you like to order?"


@together
async def test_digits_pressed_while_the_agent_speaks() -> None:
    async with house([say("agent-greeting"), say("agent-sure")]) as h:
        phone = await h.call()
        await phone.until_playing()
        phone.press("5")
        await asyncio.sleep(1.6)
        record = await finish(h, phone)
        assert words(record["turns"], "caller") == ["5"]
