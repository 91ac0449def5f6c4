"""A typed function with a docstring is a tool, and what is not one is refused in a line that says what to do."""

import datetime as dt
from collections.abc import Callable
from enum import Enum
from functools import partial
from socket import socket
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from twilio_openai.tools import CallContext, Tool, ToolDefinitionError, ToolError, tool

CALL = CallContext(call_sid="CA1")


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Drink(BaseModel):
    title: str
    size: Size = Size.SMALL


class Tree(BaseModel):
    branches: list["Tree"]


def parameters(defined: Tool[..., Any]) -> dict[str, Any]:
    schema: dict[str, Any] = defined.schema()["parameters"]
    return schema


def test_the_function_is_the_tool() -> None:
    @tool
    def add(left: int, right: int = 1) -> int:
        """Add two
        numbers.

        Whole ones only.
        """
        return left + right

    assert add.schema() == {
        "type": "function",
        "name": "add",
        "description": "Add two numbers.\n\nWhole ones only.",
        "parameters": {
            "type": "object",
            "properties": {"left": {"type": "integer"}, "right": {"type": "integer", "default": 1}},
            "required": ["left"],
            "additionalProperties": False,
        },
    }
    assert add(2, right=3) == 5
    assert add.timeout_s == 10
    assert not add.is_async


def test_a_tool_without_parameters() -> None:
    @tool(timeout_s=0.5)
    async def ring() -> None:
        """Ring the bell."""

    assert parameters(ring) == {"type": "object", "properties": {}, "additionalProperties": False}
    assert ring.timeout_s == 0.5
    assert ring.is_async


def test_types_become_schema() -> None:
    @tool
    def order(
        day: dt.date,
        at: dt.time,
        cup: Literal["paper", "own"],
        size: Size,
        drinks: list[Drink],
        note: str | None = None,
        count: Annotated[int, Field(ge=1, description="how many")] = 1,
        json: Any = None,
    ) -> None:
        """Order drinks."""

    drink = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
        },
        "required": ["title"],
    }
    assert parameters(order)["required"] == ["day", "at", "cup", "size", "drinks"]
    assert parameters(order)["properties"] == {
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "time"},
        "cup": {"type": "string", "enum": ["paper", "own"]},
        "size": {"type": "string", "enum": ["small", "large"]},
        "drinks": {"type": "array", "items": drink},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "count": {"type": "integer", "minimum": 1, "default": 1, "description": "how many"},
        "json": {"default": None},
    }


def test_parameters_are_described_in_the_docstring() -> None:
    @tool
    def book(day: str, guests: Annotated[int, Field(description="from the annotation")], name: str = "") -> None:
        """Book a table.

        Args:
            day (str): The day, in words:
                the caller's own.
            guests: from the docstring
            nobody: not a parameter

        Returns:
            nothing that the model should read
        """

    properties = parameters(book)["properties"]
    assert book.description == "Book a table."
    assert properties["day"]["description"] == "The day, in words: the caller's own."
    assert properties["guests"]["description"] == "from the annotation"
    assert "description" not in properties["name"]


def test_the_call_is_filled_in_and_not_shown() -> None:
    @tool
    def who(call: CallContext, polite: bool = True) -> str:
        """Who is calling."""
        return call.call_sid

    assert list(parameters(who)["properties"]) == ["polite"]
    assert who.signature.bind("{}", CALL) == {"call": CALL, "polite": True}
    with pytest.raises(ToolError, match=r"call is not an argument \(these are: polite\)"):
        who.signature.bind('{"call": {"call_sid": "CA2"}}', CALL)


def test_arguments_arrive_as_the_types_say() -> None:
    @tool
    def order(day: dt.date, drinks: list[Drink], schema: int = Field(2, description="as a default")) -> None:
        """Order drinks."""

    bound = order.signature.bind('{"day": "2026-11-20", "drinks": [{"title": "tea", "size": "large"}]}', CALL)
    assert bound == {"day": dt.date(2026, 11, 20), "drinks": [Drink(title="tea", size=Size.LARGE)], "schema": 2}


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ("{}", "drinks is missing"),
        ('{"drinks": "tea"}', 'drinks: Input should be a valid array, got "tea"'),
        ('{"drinks": [{"title": 1}]}', "drinks[0].title: Input should be a valid string, got 1"),
        ('{"drinks": [], "cup": "glass"}', "cup: Input should be 'paper' or 'own', got \"glass\""),
        ('{"drinks": [], "zip": 1}', "zip is not an argument (these are: drinks, cup)"),
        (
            '{"cup": "' + "x" * 99 + '"}',
            "drinks is missing; cup: Input should be 'paper' or 'own', got \"" + "x" * 59 + "…",
        ),
    ],
)
def test_wrong_arguments_are_named(sent: str, complaint: str) -> None:
    @tool
    def order(drinks: list[Drink], cup: Literal["paper", "own"] = "own") -> None:
        """Order drinks."""

    with pytest.raises(ToolError) as refused:
        order.signature.bind(sent, CALL)
    assert str(refused.value) == complaint


def no_docstring(day: str) -> None: ...


def no_type(day) -> None:  # type: ignore[no-untyped-def]
    """Book."""


def any_number(*days: str) -> None:
    """Book."""


def any_names(**days: str) -> None:
    """Book."""


def by_place(day: str, /) -> None:
    """Book."""


def unknown_type(day: "Dya") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Book."""


def no_schema(line: socket) -> None:
    """Book."""


def no_json(then: Callable[[], None]) -> None:
    """Book."""


def endless(tree: Tree) -> None:
    """Book."""


def größe() -> None:  # noqa: PLC2401
    """Measure."""


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (no_docstring, "tool no_docstring: has no docstring; say in one sentence"),
        (no_type, "tool no_type: day has no type; write e.g. `day: str`"),
        (any_number, r"tool any_number: \*days: str: the model sends arguments by name"),
        (any_names, r"tool any_names: \*\*days: str: the model sends arguments by name"),
        (by_place, "tool by_place: day: str: the model sends arguments by name"),
        (unknown_type, "tool unknown_type: a type in the signature cannot be found: name 'Dya' is not defined"),
        (no_schema, "tool no_schema: a type cannot be described to the model"),
        (no_json, "tool no_json: a type cannot be described to the model"),
        (endless, "tool endless: the type Tree contains itself"),
        (größe, "größe cannot be a tool's name"),
        (lambda: None, "<lambda> cannot be a tool's name; use def"),
        (partial(no_type, 1), "is not a plain function; put @tool above `def`"),
        (Drink, "is not a plain function; put @tool above `def`"),
    ],
)
def test_what_cannot_be_a_tool_says_why(function: Callable[..., object], advice: str) -> None:
    with pytest.raises(ToolDefinitionError, match=advice) as refused:
        tool(function)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
def test_a_deadline_is_a_time(timeout_s: float) -> None:
    with pytest.raises(ToolDefinitionError, match=f"timeout_s={timeout_s} is not a number of seconds above 0"):
        tool(timeout_s=timeout_s)(no_docstring)
