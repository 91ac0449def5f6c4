"""Tools that know what was heard: a price, a consent or a legal text cannot be taken for said when it was cut off."""

import json
from typing import Any

import pytest

from twilio_openai.services.tool_service import run_tool
from twilio_openai.tools import CallContext, Toolbox, ToolDefinitionError, tool


def call(*heard: str, language: str = "en") -> CallContext:
    return CallContext(call_sid="CA1", heard=heard, language=language)


@tool(requires_heard="${total:.2f}")
def place_order(items: list[str], total: float) -> str:
    """Place the order."""
    return f"placed for {total}"


async def order(context: CallContext) -> Any:
    result = await run_tool(Toolbox([place_order]), "place_order", '{"items": ["bagel"], "total": 9.05}', context)
    return json.loads(result.output) if result.failed else result.output


async def test_an_order_is_refused_until_its_price_was_heard() -> None:
    refused = await order(call("Good morning.", "That will be"))
    assert refused == {"error": "The caller has not heard this yet: $9.05. Say it, then call place_order again."}
    assert await order(call("That will be", "The total is $9.05. Cash or card?")) == "placed for 9.05"


@pytest.mark.parametrize(
    ("words", "heard", "found"),
    [
        ("$9.05", "That will be $9.05. Cash or credit?", True),
        ("$9.05", "That is nine dollars and five cents.", True),
        ("nine dollars and five cents", "That will be $9.05.", True),
        ("$9.05", "That will be $19.05.", False),
        ("$9.05", "That will be nine dollars", False),
        ("this call is recorded", "Please note: this call is recorded.", True),
        ("this call is recorded", "This call, as you know, is recorded.", False),
        ("", "Anything.", False),
    ],
)
def test_words_are_found_however_they_are_spelt(words: str, heard: str, found: bool) -> None:
    assert call(heard).was_heard(words) is found


def test_words_do_not_run_from_one_turn_into_the_next() -> None:
    assert not call("This call", "is recorded.").was_heard("This call is recorded.")


def test_a_language_that_we_cannot_read_out_is_compared_as_written() -> None:
    assert call("dat is dan 9,05 euro", language="nl").was_heard("9,05 euro")


def test_the_call_tells_a_tool_what_was_heard() -> None:
    assert call("One.", "Two.").heard_text == "One.\nTwo."


def test_words_that_name_no_argument_are_refused_when_the_tool_is_defined() -> None:
    with pytest.raises(ToolDefinitionError, match="requires_heard names price, which is no argument"):

        @tool(requires_heard="{price}")
        def sell(total: float) -> None:
            """Sell."""
