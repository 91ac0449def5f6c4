"""What a call tells the store: it has started, a turn was said, it has ended. Pure.

Each change carries the generation of the stream that it comes from, and the store refuses it once a newer one exists.
Whatever others wrote (the caller, the model, Twilio) is made storable here, so that no word of theirs can stop a batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..transcript import Turn

LONGEST_NAME = 200
"""Characters of an identifier or a number that are kept."""


@dataclass(frozen=True, slots=True)
class Started:
    """A stream has started: the first of a call, or one that goes on with it under a higher generation."""

    call_sid: str
    generation: int
    at: datetime
    owner: str = ""
    account_sid: str = ""
    from_number: str = ""
    to_number: str = ""
    lease_until: datetime | None = None

    def row(self) -> dict[str, Any]:
        """The call's row as it begins."""
        return {
            "call_sid": self.call_sid,
            "account_sid": storable_name(self.account_sid),
            "from_number": storable_name(self.from_number),
            "to_number": storable_name(self.to_number),
            "started_at": self.at,
            "generation": self.generation,
            "owner": self.owner,
            "lease_until": self.lease_until,
        }


@dataclass(frozen=True, slots=True)
class Said:
    """A turn as it is now. One that is not settled is being played, and its `text` is what was heard so far.

    `position` is its place among the turns of this generation; those of an older one come before.
    """

    call_sid: str
    generation: int
    position: int
    turn: Turn
    settled: bool = True

    def row(self, now: datetime) -> dict[str, Any]:
        """The turn's row."""
        turn = self.turn
        return {
            "call_sid": self.call_sid,
            "item_id": storable_name(turn.item_id),
            "generation": self.generation,
            "position": self.position,
            "settled": self.settled,
            "role": turn.role,
            "text": storable(turn.text),
            "unheard": storable(turn.unheard),
            "started_ms": turn.started_ms,
            "heard_ms": turn.heard_ms,
            "generated_ms": turn.generated_ms,
            "interrupted": turn.interrupted,
            "confidence": turn.confidence,
            "failed": turn.failed,
            "updated_at": now,
        }


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over. `record` has the further figures of its `call.transcript`: stream, latency."""

    call_sid: str
    generation: int
    at: datetime
    ended_by: str
    duration_ms: int
    record: Mapping[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """The values of the call's end; `of` names the call."""
        return {
            "of": self.call_sid,
            "ended_at": self.at,
            "ended_by": self.ended_by,
            "duration_ms": self.duration_ms,
            "record": dict(self.record),
        }


Change = Started | Said | Ended


def storable(text: str) -> str:
    """`text` without what PostgreSQL or UTF-8 do not know: NUL, and halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def storable_name(name: str) -> str:
    """An identifier that fits into an index."""
    return storable(name[:LONGEST_NAME])
