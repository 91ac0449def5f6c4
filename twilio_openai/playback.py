"""What the ledger writes down: runs of playback, chunks of audio, a `clear` under way, and what came of a cut. Pure.

Positions are ms on the one tape of all audio sent; times are `now_ms`.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import fmean

JITTER_MS = 35.0
"""Echoes of one burst arrive within this; so does an echo around the moment when it was due."""

ECHOES_AVERAGED = 8
"""A run's offset is the mean of its last echoes: enough to even out jitter, few enough to follow a clock that
drifts.
"""


@dataclass(slots=True)
class Run:
    """Playback without a dry buffer, from the position `start`, behind the run `before`.

    `arrival` is its offset had the loudspeaker started when its audio arrived, `late` how much later it may have
    started. Whether the buffer was dry is asked anew whenever it matters: an echo may have told more of the run
    before.
    """

    start: float
    arrival: float
    late: float
    before: "Run | None"
    offsets: deque[float] = field(default_factory=lambda: deque(maxlen=ECHOES_AVERAGED))

    @property
    def dry(self) -> bool:
        """Whether the loudspeaker had nothing left when this run's audio arrived."""
        return self.before is None or self.arrival > self.before.offset + JITTER_MS

    @property
    def offset(self) -> float:
        """An echo's arrival less its position."""
        if self.offsets:
            return fmean(self.offsets)
        return self.arrival + self.late if self.before is None or self.dry else max(self.before.offset, self.arrival)

    @property
    def anchored(self) -> bool:
        """Whether an echo of its own tells its offset."""
        return bool(self.offsets)


@dataclass(slots=True)
class Chunk:
    """So much audio of one item, with a mark behind it. `start` and `end` are positions on the tape in ms."""

    item_id: str
    start: float
    end: float
    mark: str
    run: Run
    echoed_ms: float | None = None


@dataclass(slots=True)
class Clear:
    """A `clear` under way: when it was sent, the mark right behind it, and what had not been echoed by then."""

    sent_ms: float
    mark: str
    pending: list[Chunk]
    mark_echoed_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of one item's audio as it was sent to the loudspeaker, in ms."""

    item_id: str
    heard_ms: float
    sent_ms: float

    @property
    def whole(self) -> bool:
        """Whether all that was sent of it was heard; the last frame is forgiven."""
        return self.heard_ms >= self.sent_ms - 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a cut is known, for whoever wants it explained. Times are `now_ms`, positions ms on the tape.

    `cleared_ms` is when `clear` was sent (None at the end of a call), `told_ms` when the echo came that tells of the
    cut (None if it did not come in time), `offset_ms` the difference between an echo's arrival and its position, as
    it was known.
    """

    cleared_ms: float | None
    told_ms: float | None
    trip_ms: float
    offset_ms: float
    echoes: int
    playhead: float
    starts: dict[str, float]
