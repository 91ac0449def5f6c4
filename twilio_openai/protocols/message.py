"""Reading JSON messages of a foreign program: what is not as agreed raises one error that says what."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class MalformedMessage(ValueError):
    """A message that is not as its protocol says. Never fatal: it is counted and dropped."""


def read_object(text: str | bytes) -> dict[str, Any]:
    """The JSON object of a text frame.

    Raises:
        MalformedMessage: a binary frame, no JSON, or no object.
    """
    if isinstance(text, bytes):
        raise MalformedMessage("a binary frame")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedMessage("not JSON") from None
    if not isinstance(value, dict):
        raise MalformedMessage("not a JSON object")
    return value


def take(message: Mapping[str, Any], key: str, kind: type[T]) -> T:
    """The value under `key`, which must be of this type.

    Raises:
        MalformedMessage: it is missing or of another type.
    """
    value = message.get(key)
    if not isinstance(value, kind):
        raise MalformedMessage(f"{key!r} is {type(value).__name__}, not {kind.__name__}")
    return value


def take_or(message: Mapping[str, Any], key: str, default: T) -> T:
    """The value under `key` if it is of the default's type, else the default."""
    value = message.get(key)
    return value if isinstance(value, type(default)) else default


def take_object(message: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under `key`, an empty one if there is none."""
    value = message.get(key)
    return value if isinstance(value, dict) else {}
