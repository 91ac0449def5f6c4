"""What a tool may return, and what the model is told of it.

A tool stays a plain function: to end or to hand over the call it returns `EndCall` or `TransferCall`, and the call acts
on that when the caller has heard the sentence that goes with it. Everything else is an answer: a string is told as it
is, anything else as JSON, encoded once.
"""

import json
from dataclasses import dataclass, field

from pydantic_core import to_json

MAX_OUTPUT_CHARS = 20_000
"""About 5,000 tokens. A Realtime conversation may be no longer than 32,768 tokens in all with the smaller models."""


@dataclass(frozen=True)
class EndCall:
    """The call is to end, once the goodbye has been heard."""

    reason: str

    @property
    def told(self) -> str:
        return "The call ends when the caller has heard your goodbye. If you have not said it yet, say it now, briefly."


@dataclass(frozen=True)
class TransferCall:
    """The caller is to be put through, once the sentence that says so has been heard."""

    reason: str
    number: str = field(repr=False)
    """Who is dialled. Neither told to the model nor shown by `repr`, so that no log holds it."""

    @property
    def told(self) -> str:
        return (
            "The caller is put through when your sentence that says so has been heard. "
            "If you have not said it yet, say it now, briefly."
        )


def as_output(value: object) -> str:
    """The `output` of a `function_call_output`; raises ValueError when the value cannot be written as JSON."""
    match value:
        case EndCall() | TransferCall():
            text = value.told
        case str():
            text = str.__str__(value)  # the text of a str enum too, not its name
        case _:
            text = to_json(value, inf_nan_mode="null").decode()
    return _sendable(text)


def as_error(words: str) -> str:
    """What the model is told when a tool has no answer."""
    return _sendable(json.dumps({"error": words}, ensure_ascii=False))


def _sendable(text: str) -> str:
    """Half a surrogate pair cannot be sent, and an endless text would push the conversation out of the context."""
    whole = text.encode("utf-8", "replace").decode()
    return whole if len(whole) <= MAX_OUTPUT_CHARS else whole[:MAX_OUTPUT_CHARS] + " … (the rest was too long)"
