"""Whatever a tool does, the model is told something that it can act on, in time, and the call goes on."""

import asyncio
import datetime as dt
import json
import subprocess
import sys
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from twilio_openai.services.tool_service import ToolResult, run_tool
from twilio_openai.tools import CallContext, EndCall, Toolbox, ToolError, TransferCall, standard_toolbox, tool
from twilio_openai.tools.outcomes import MAX_OUTPUT_CHARS, as_output

CALL = CallContext(call_sid="CA1", caller="+15550123")
BROKEN = "Tell the caller so, and do not make up a result."
line_of: ContextVar[str] = ContextVar("line_of", default="nobody")


class Bagel(BaseModel):
    kind: str
    day: dt.date


@dataclass
class Coffee:
    price: Decimal


class Size(StrEnum):
    LARGE = "large"


async def run(function: Any, arguments: str = "{}") -> ToolResult:
    return await run_tool(Toolbox([function]), function.name, arguments, CALL)


def complaint(result: ToolResult) -> str:
    """The words of a failure; checks that it is one, in the form of the contract."""
    assert result.failed
    assert result.value is None
    told = json.loads(result.output)
    assert list(told) == ["error"]
    return str(told["error"])


async def test_an_answer() -> None:
    @tool
    async def greet(name: str, call: CallContext) -> str:
        """Greet."""
        await asyncio.sleep(0.02)
        return f"Hello {name} of {call.call_sid}"

    result = await run(greet, '{"name": "Ann"}')
    assert (result.name, result.arguments, result.failed) == ("greet", {"name": "Ann"}, False)
    assert result.output == result.value == "Hello Ann of CA1"
    assert 19 <= result.duration_ms < 2000


async def test_a_plain_function_runs_beside_the_loop_with_the_context_of_the_call() -> None:
    @tool
    def who() -> str:
        """Who."""
        return f"{line_of.get()} {threading.current_thread() is threading.main_thread()}"

    line_of.set("Ann")
    assert (await run(who)).output == "Ann False"


@pytest.mark.parametrize(
    ("value", "output"),
    [
        ("plain", "plain"),
        ('{"already": "json"}', '{"already": "json"}'),
        (Size.LARGE, "large"),
        ({"a": [1, 2.5, None, True]}, '{"a":[1,2.5,null,true]}'),
        ("größer \ud800", "größer ?"),
        (Bagel(kind="poppy", day=dt.date(2026, 11, 20)), '{"kind":"poppy","day":"2026-11-20"}'),
        (Coffee(Decimal("2.50")), '{"price":"2.50"}'),
        (dt.time(9, 30), '"09:30:00"'),
        (float("nan"), "null"),
        (None, "null"),
        (3, "3"),
    ],
)
async def test_every_answer_is_encoded_once(value: object, output: str) -> None:
    @tool
    def give() -> object:
        """Give."""
        return value

    assert (await run(give)).output == output


def test_an_endless_answer_is_cut() -> None:
    assert len(as_output("x" * 10 * MAX_OUTPUT_CHARS)) < MAX_OUTPUT_CHARS + 100


async def test_ending_and_transferring_are_outcomes_for_the_call() -> None:
    toolbox = standard_toolbox(transfer_number="+15550100")
    ended = await run_tool(toolbox, "end_call", '{"reason": "done"}', CALL)
    assert ended.value == EndCall("done")
    assert "goodbye" in ended.output
    passed_on = await run_tool(toolbox, "transfer_call", '{"reason": "asked"}', CALL)
    assert passed_on.value == TransferCall("asked", "+15550100")
    assert "+15550100" not in passed_on.output + repr(passed_on)


@tool
def needs_word(word: str) -> str:
    """Say it."""
    return word


@pytest.mark.parametrize(
    ("name", "arguments", "parsed", "words"),
    [
        ("hang_up", "{}", {}, "There is no tool 'hang_up'. The tools are: needs_word."),
        ("needs_word", '{"word": "b', None, "The arguments of needs_word are not a JSON object."),
        ("needs_word", "[1]", None, "The arguments of needs_word are not a JSON object."),
        ("needs_word", "null", None, "The arguments of needs_word are not a JSON object."),
        ("needs_word", "[" * 100_000, None, "The arguments of needs_word are not a JSON object."),
        ("needs_word", '{"word": "\ud800"}', None, "The arguments of needs_word are not a JSON object."),
        ("needs_word", "", {}, "The arguments of needs_word are wrong: word is missing. Correct them"),
        ("needs_word", '{"word": 5}', {"word": 5}, "word: Input should be a valid string, got 5. Correct them"),
    ],
)
async def test_a_wrong_call_is_explained(name: str, arguments: str, parsed: object, words: str) -> None:
    result = await run_tool(Toolbox([needs_word]), name, arguments, CALL)
    assert words in complaint(result)
    assert result.arguments == parsed
    assert result.name == name


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The records of the log, as fields."""
    return [record.msg for record in caplog.records if isinstance(record.msg, dict)]


async def test_a_failing_tool_tells_the_log_and_not_the_model(caplog: pytest.LogCaptureFixture) -> None:
    @tool
    def fail() -> None:
        """Fail."""
        raise RuntimeError("password is hunter2")

    result = await run(fail)
    assert complaint(result) == f"fail did not work. {BROKEN}"
    (record,) = logged(caplog)
    assert (record["event"], record["name"]) == ("tool.failed", "fail")
    assert str(record["exc_info"]) == "password is hunter2"


async def test_a_tool_may_choose_the_words(caplog: pytest.LogCaptureFixture) -> None:
    @tool
    async def refuse() -> None:
        """Refuse."""
        raise ToolError("Ask for the order number first. \ud800") from KeyError("order")

    result = await run(refuse)
    assert complaint(result) == "Ask for the order number first. ?"
    records = logged(caplog)
    assert records[0]["cause"] == "'order'"
    assert "exc_info" not in records[0]


async def leave_async() -> None:
    """Leave."""
    sys.exit("bye")


def leave() -> None:
    """Leave."""
    sys.exit("bye")


def give_nothing_sendable() -> object:
    """Give."""
    return {"socket": object()}


def give_a_circle() -> object:
    """Give."""
    circle: list[object] = []
    circle.append(circle)
    return circle


def stop_iterating() -> None:
    """Stop."""
    raise StopIteration


@pytest.mark.parametrize("function", [leave, leave_async, give_nothing_sendable, give_a_circle, stop_iterating])
async def test_nothing_that_a_tool_does_ends_the_call(function: Any) -> None:
    result = await run(tool(function))
    assert complaint(result) == f"{function.__name__} did not work. {BROKEN}"


async def test_a_tool_that_breaks_itself_off() -> None:
    @tool
    async def break_off() -> None:
        """Break off."""
        raise asyncio.CancelledError

    assert complaint(await run(break_off)) == "break_off was broken off. Tell the caller that it did not work."


async def test_a_late_coroutine_is_cancelled() -> None:
    cleaned_up = asyncio.Event()

    @tool(timeout_s=0.05)
    async def dawdle() -> None:
        """Dawdle."""
        try:
            await asyncio.sleep(30)
        finally:
            cleaned_up.set()

    result = await run(dawdle)
    assert "dawdle has not answered within 0.05 s, and may or may not have done its work." in complaint(result)
    assert 45 <= result.duration_ms < 2000
    await asyncio.wait_for(cleaned_up.wait(), 2)


async def test_a_coroutine_that_ignores_its_cancellation_is_left_behind() -> None:
    release = asyncio.Event()

    @tool(timeout_s=0.05)
    async def insist() -> None:
        """Insist."""
        while not release.is_set():
            try:
                await asyncio.wait_for(release.wait(), 30)
            except asyncio.CancelledError:
                continue

    result = await asyncio.wait_for(run(insist), 2)
    assert "has not answered" in complaint(result)
    release.set()


async def test_a_blocked_thread_is_left_behind() -> None:
    release, released = threading.Event(), threading.Event()

    @tool(timeout_s=0.05)
    def block() -> None:
        """Block."""
        release.wait(30)
        released.set()

    results = await asyncio.wait_for(asyncio.gather(*(run(block) for _ in range(40))), 5)
    assert all("has not answered" in complaint(result) for result in results)
    assert (await run(needs_word, '{"word": "still here"}')).output == "still here"
    release.set()
    assert await asyncio.to_thread(released.wait, 2)


def test_a_blocked_thread_does_not_keep_the_server_from_ending() -> None:
    server = """
import asyncio, threading
from twilio_openai.services.tool_service import run_tool
from twilio_openai.tools import CallContext, Toolbox, tool

@tool(timeout_s=0.05)
def block() -> None:
    "Block."
    threading.Event().wait(60)

result = asyncio.run(run_tool(Toolbox([block]), "block", "{}", CallContext(call_sid="CA1")))
assert result.failed
"""
    subprocess.run([sys.executable, "-c", server], check=True, timeout=30, stdout=subprocess.DEVNULL)


async def test_a_tool_in_its_thread_does_not_hold_up_the_loop() -> None:
    @tool
    def work() -> None:
        """Work."""
        time.sleep(0.3)

    running = asyncio.create_task(run(work))
    ticks = 0
    while not running.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5


async def test_the_call_may_cancel_a_tool() -> None:
    cancelled = asyncio.Event()

    @tool
    async def dawdle() -> None:
        """Dawdle."""
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    running = asyncio.create_task(run(dawdle))
    await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(cancelled.wait(), 2)


async def test_parallel_calls_of_one_tool_do_not_meet() -> None:
    words = [str(number) for number in range(50)]
    results = await asyncio.gather(*(run(needs_word, json.dumps({"word": word})) for word in words))
    assert [result.output for result in results] == words
