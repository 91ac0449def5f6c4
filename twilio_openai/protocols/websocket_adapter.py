"""The contract between the bridge and what it serves: sockets report what happened, the adapter answers what to do.

An adapter is pure. It gets each event with its arrival time in ms on one monotonic clock, and returns actions in the
order in which they are to be carried out. The bridge knows `Send`, `SendAudio`, `Close` and `Drop`; every other action
is the adapter's own and goes to the bridge's performer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Side(Enum):
    """The two ends of a bridge."""

    SOURCE = "source"
    """Who called us: Twilio."""
    TARGET = "target"
    """Whom we call: the model."""

    __hash__ = object.__hash__  # Enum's own runs Python code, twice for every frame

    @property
    def other(self) -> "Side":
        """The opposite end."""
        return Side.TARGET if self is Side.SOURCE else Side.SOURCE


class Action:
    """Something to be done outside of the adapter."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Send(Action):
    """Send a text frame. Never dropped."""

    side: Side
    text: str


@dataclass(frozen=True, slots=True)
class SendAudio(Action):
    """Send audio to the target, behind what waits there; dropped, the oldest first, when the target does not read."""

    text: str


@dataclass(frozen=True, slots=True)
class Close(Action):
    """Close one side's socket with this code (RFC 6455) and reason (at most 123 bytes)."""

    side: Side
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Drop(Action):
    """Close one side's socket and listen to it no more: it does not answer, or another takes its place."""

    side: Side
    reason: str


Actions = Sequence[Action]


class WebSocketAdapter(Protocol):
    """What the bridge needs of an adapter, and no more."""

    def open(self, side: Side, now_ms: float) -> Actions:
        """A side's socket is up."""

    def message(self, side: Side, text: str | bytes, now_ms: float) -> Actions | None:
        """A side said something that is not of its hot shape; None when nothing follows from it, no deadline either."""

    def close(self, side: Side, code: int, reason: str, now_ms: float) -> Actions:
        """A side's socket is closed, by whomever."""

    def error(self, side: Side, error: Exception, now_ms: float) -> Actions:
        """A side's message could not be handled, or its socket failed."""

    def tick(self, now_ms: float) -> Actions:
        """`due_ms` has come."""

    def due_ms(self, now_ms: float) -> float | None:
        """When the adapter next wants a `tick`, or None. Asked after every event but the hot ones."""

    def from_source(self, text: str, now_ms: float) -> str | None:
        """The hot message of the source as the target wants it, `""` to drop it; None when the message is another."""

    def from_target(self, text: str, now_ms: float) -> Sequence[str] | None:
        """The hot message of the target as messages for the source; None when the message is another."""
