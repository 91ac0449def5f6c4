"""Checks of what a client sends, with the errors that the Realtime API answers.

A rule is a function of a value and its path; it raises `Refused` with the code, the message and the parameter of
the answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Rule = Callable[[Any, str], None]


@dataclass
class Refused(Exception):
    """The API answers with an error event and changes nothing."""

    code: str | None
    message: str
    param: str | None = None
    type: str = "invalid_request_error"

    def __str__(self) -> str:
        return f"{self.code} {self.param or ''}: {self.message}"


def _kind(value: Any) -> str:
    names = {
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")


def wrong_type(path: str, expected: str, value: Any) -> Refused:
    message = f"Invalid type for '{path}': expected {expected}, but got {_kind(value)} instead."
    return Refused("invalid_type", message, path)


def text(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise wrong_type(path, "a string", value)


def flag(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise wrong_type(path, "a boolean", value)


def anything(value: Any, path: str) -> None:
    """Not looked at."""


def mapping(value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise wrong_type(path, "an object", value)


def short_text(longest: int) -> Rule:
    def check(value: Any, path: str) -> None:
        text(value, path)
        if len(value) > longest:
            message = f"Invalid '{path}': string too long. Expected a string with maximum length {longest}."
            raise Refused("string_above_max_length", message, path)

    return check


def integer(least: int, most: int | None = None) -> Rule:
    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(path, "an integer", value)
        if value < least:
            raise Refused("integer_below_min_value", _bound(path, "integer", ">=", least, value), path)
        if most is not None and value > most:
            raise Refused("integer_above_max_value", _bound(path, "integer", "<=", most, value), path)

    return check


def decimal(least: float, most: float) -> Rule:
    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(path, "a decimal", value)
        if value < least:
            raise Refused("decimal_below_min_value", _bound(path, "decimal", ">=", least, value), path)
        if value > most:
            raise Refused("decimal_above_max_value", _bound(path, "decimal", "<=", most, value), path)

    return check


def _bound(path: str, kind: str, relation: str, bound: float, value: float) -> str:
    side = "below minimum" if relation == ">=" else "above maximum"
    return f"Invalid '{path}': {kind} {side} value. Expected a value {relation} {bound}, but got {value} instead."


def choice(*allowed: str) -> Rule:
    def check(value: Any, path: str) -> None:
        if value not in allowed:
            names = ", ".join(f"'{name}'" for name in allowed)
            raise Refused("invalid_value", f"Invalid value: '{value}'. Supported values are: {names}.", path)

    return check


def nullable(rule: Rule) -> Rule:
    def check(value: Any, path: str) -> None:
        if value is not None:
            rule(value, path)

    return check


def either(*rules: Rule) -> Rule:
    """One of the rules must hold; the last one's refusal is answered."""

    def check(value: Any, path: str) -> None:
        for rule in rules[:-1]:
            try:
                return rule(value, path)
            except Refused:
                continue
        return rules[-1](value, path)

    return check


def listing(rule: Rule) -> Rule:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(path, "an array", value)
        for index, entry in enumerate(value):
            rule(entry, f"{path}[{index}]")

    return check


def shape(fields: Mapping[str, Rule], required: tuple[str, ...] = ()) -> Rule:
    """An object with these fields and no others."""

    def check(value: Any, path: str) -> None:
        mapping(value, path)
        at = f"{path}." if path else ""
        for name in required:
            if name not in value:
                raise Refused("missing_required_parameter", f"Missing required parameter: '{at}{name}'.", f"{at}{name}")
        for name, entry in value.items():
            if name not in fields:
                raise Refused("unknown_parameter", f"Unknown parameter: '{at}{name}'.", f"{at}{name}")
            fields[name](entry, f"{at}{name}")

    return check


def variants(by: str, shapes: Mapping[str, Rule]) -> Rule:
    """An object whose field `by` says which shape it has."""

    def check(value: Any, path: str) -> None:
        mapping(value, path)
        at = f"{path}.{by}" if path else by
        if by not in value:
            raise Refused("missing_required_parameter", f"Missing required parameter: '{at}'.", at)
        choice(*shapes)(value[by], at)
        shapes[value[by]](value, path)

    return check
