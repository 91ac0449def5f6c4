"""A call as the store has it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..log_reader import CallLog
from ..transcript import Turn


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn with its place. One that is not settled was being played when it was last heard of, at `updated_at`."""

    generation: int
    position: int
    settled: bool
    updated_at: datetime
    turn: Turn


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call; `turns` in the order of the conversation, empty where only the call was asked for."""

    call_sid: str
    account_sid: str
    from_number: str
    to_number: str
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    duration_ms: int | None
    generation: int
    owner: str
    lease_until: datetime | None
    record: dict[str, Any] | None
    turns: tuple[StoredTurn, ...] = field(default=())
    turn_count: int = 0

    def log(self) -> CallLog:
        """The call as `log_reader` prints one."""
        return CallLog(
            self.call_sid,
            self.from_number,
            self.to_number,
            [stored.turn.record() for stored in self.turns],
            self.duration_ms,
            self.ended_by,
            complete=self.ended_at is not None,
        )


def turn_of(row: Mapping[Any, Any]) -> StoredTurn:
    """A turn out of its row."""
    return StoredTurn(
        row["generation"],
        row["position"],
        row["settled"],
        row["updated_at"],
        Turn(
            row["role"],
            row["item_id"],
            row["text"],
            row["started_ms"],
            unheard=row["unheard"],
            interrupted=row["interrupted"],
            heard_ms=row["heard_ms"],
            generated_ms=row["generated_ms"],
            confidence=row["confidence"],
            failed=row["failed"],
        ),
    )
