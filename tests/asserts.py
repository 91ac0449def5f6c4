"""What we ask of what the adapter sent and published, in the words of the domain."""

from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, settings

from twilio_openai.transcript import Turn

ANY = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
"""Properties are tried with the same examples each time, however slow the machine is."""


def kinds(sent: Iterable[dict[str, Any]]) -> list[str]:
    """The types (model) or events (phone) of messages."""
    return [message.get("type") or message["event"] for message in sent]


def truncates(sent: Iterable[dict[str, Any]]) -> dict[str, int]:
    """The items that the model was told to cut, and at which ms."""
    return {m["item_id"]: m["audio_end_ms"] for m in sent if m["type"] == "conversation.item.truncate"}


def deletes(sent: Iterable[dict[str, Any]]) -> list[str]:
    """The items that the model was told to drop."""
    return [m["item_id"] for m in sent if m["type"] == "conversation.item.delete"]


def words(turn: Turn) -> list[str]:
    """All words of an agent's turn, heard or not."""
    return (turn.text + " " + turn.unheard).split()


def assert_line(turn: Turn, role: str, text: str, **fields: Any) -> None:
    """The turn says this, and has these fields."""
    assert (turn.role, turn.text) == (role, text)
    assert {name: getattr(turn, name) for name in fields} == fields


def assert_near(value: float, truth: float, within: float = 20) -> None:
    """Milliseconds that are as good as the same."""
    assert abs(value - truth) <= within, f"{value} is not within {within} ms of {truth}"
