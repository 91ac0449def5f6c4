"""What the adapter wants done beyond sending and closing: the vocabulary between it and the call that performs it."""

from dataclasses import dataclass, field
from typing import Any

from ..protocols.websocket_adapter import Action
from ..transcript import Turn


@dataclass(frozen=True, slots=True)
class RunTool(Action):
    """Run a tool; its result comes back with `tool_done`."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CountWords(Action):
    """Find how many words of a cut item's text were heard; the count comes back with `words_counted`.

    `complete` tells whether the audio (μ-law) and the text are the whole item, or generation was stopped with the
    text ahead.
    """

    item_id: str
    text: str
    audio: bytes
    heard_ms: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Publish(Action):
    """A turn is settled."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class Note(Action):
    """Something happened that belongs into the log."""

    event: str
    level: str = "info"
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended(Action):
    """The call is over for us; comes before the sockets are closed."""

    ended_by: str


@dataclass(frozen=True, slots=True)
class Transfer(Action):
    """Put the caller through to this number; a failure comes back with `transfer_failed`."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Redial(Action):
    """The model's session is lost, or about to end: open another one."""

    reason: str
