"""Twilio's playback: a queue of audio and marks, and the exact time at which every byte leaves the loudspeaker.

The rules, from Twilio's documentation of marks and `clear`:
- Audio plays in the order of its arrival, eight bytes per millisecond, without a pause while there is more. A
  buffer that has run dry starts anew with the next audio, up to `late_ms()` after it has come.
- A mark is returned when all audio before it has been played; at once if there is none.
- `clear` drops what has not been played and returns every mark that is still waiting, in order, at once. What comes
  afterwards belongs to a new, empty buffer.
- More than ten minutes are not buffered: further audio is discarded.

Whether Twilio takes its buffer byte by byte or 20 ms at a time is not known. With `tick_ms` it is taken at ticks of an
absolute clock, and what is taken counts as played.

Nothing here reads a clock. Call `advance` with the time before anything else, so that marks come back in their
order.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from twilio_openai.rehearsal.mulaw import BYTES_PER_MS

LONGEST_BUFFER_MS = 600_000.0


@dataclass(frozen=True)
class Run:
    """Audio that plays without a pause. Positions are bytes from its beginning."""

    began_ms: float
    tick_ms: float = 0.0

    def played(self, now_ms: float) -> int:
        """How many bytes have left the loudspeaker, if there are so many."""
        if now_ms < self.began_ms:
            return 0
        if not self.tick_ms:
            return int((now_ms - self.began_ms) * BYTES_PER_MS)
        return int((now_ms - self.began_ms) // self.tick_ms + 1) * self._tick_bytes

    def time_of(self, position: int) -> float:
        """When so many bytes have left the loudspeaker."""
        if not self.tick_ms:
            return self.began_ms + position / BYTES_PER_MS
        return self.began_ms + max(0, position - 1) // self._tick_bytes * self.tick_ms

    @property
    def _tick_bytes(self) -> int:
        return round(self.tick_ms * BYTES_PER_MS)


@dataclass
class Chunk:
    """The audio of one message, at a position of its run; `kept` bytes of it play."""

    index: int
    payload: bytes
    arrived_ms: float
    run: Run
    position: int
    kept: int

    @property
    def start_ms(self) -> float:
        return self.run.time_of(self.position)

    @property
    def end_ms(self) -> float:
        return self.run.time_of(self.position + self.kept)

    def played(self, now_ms: float) -> int:
        """How many bytes have left the loudspeaker."""
        return max(0, min(self.kept, self.run.played(now_ms) - self.position))


@dataclass(frozen=True)
class Echo:
    """A mark comes back: since all before it was played, or since it was cleared."""

    name: str
    at_ms: float
    cleared: bool


@dataclass(frozen=True)
class Cut:
    """Playback was cut: what had been played of everything by then, and what never was."""

    at_ms: float
    played_bytes: int
    discarded_bytes: int
    why: str


@dataclass
class Loudspeaker:
    """One stream's playback. `chunks` is the log: every message's audio, in order."""

    late_ms: Callable[[], float] = lambda: 0.0
    tick_ms: float = 0.0
    chunks: list[Chunk] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    _marks: deque[tuple[str, float]] = field(default_factory=deque)
    _dry_ms: float = 0.0
    _kept_bytes: int = 0
    _run: Run | None = None
    _run_bytes: int = 0

    def media(self, payload: bytes, at_ms: float) -> bool:
        """Queue audio; False if it was discarded since the buffer is full."""
        if self._dry_ms - at_ms > LONGEST_BUFFER_MS:
            return False
        if self._run is None or at_ms > self._dry_ms:
            self._run, self._run_bytes = self._new_run(at_ms + self.late_ms()), 0
        self.chunks.append(Chunk(len(self.chunks), payload, at_ms, self._run, self._run_bytes, len(payload)))
        self._run_bytes += len(payload)
        self._dry_ms = self.chunks[-1].end_ms
        self._kept_bytes += len(payload)
        return True

    def _new_run(self, from_ms: float) -> Run:
        """Playback starts, at the next tick if there are any."""
        return Run(ceil(from_ms / self.tick_ms) * self.tick_ms if self.tick_ms else from_ms, self.tick_ms)

    def mark(self, name: str, at_ms: float) -> None:
        """Queue a mark behind all audio."""
        self._marks.append((name, max(self._dry_ms, at_ms)))

    def advance(self, now_ms: float) -> list[Echo]:
        """The marks that have been reached by now."""
        echoes = list[Echo]()
        while self._marks and self._marks[0][1] <= now_ms:
            name, due_ms = self._marks.popleft()
            echoes.append(Echo(name, due_ms, cleared=False))
        return echoes

    def clear(self, at_ms: float, why: str = "clear") -> list[Echo]:
        """Drop what has not been played; the waiting marks."""
        discarded = 0
        for chunk in reversed(self.chunks):
            if chunk.end_ms <= at_ms:
                break
            played = chunk.played(at_ms)
            discarded += chunk.kept - played
            chunk.kept = played
        self._kept_bytes -= discarded
        self._dry_ms = min(self._dry_ms, at_ms)
        self._run = None
        self.cuts.append(Cut(at_ms, self.played_bytes(at_ms), discarded, why))
        echoes = [Echo(name, at_ms, cleared=True) for name, _ in self._marks]
        self._marks.clear()
        return echoes

    @property
    def next_ms(self) -> float | None:
        """When the next mark will be reached."""
        return self._marks[0][1] if self._marks else None

    @property
    def dry_ms(self) -> float:
        """When the buffer runs dry."""
        return self._dry_ms

    @property
    def waiting(self) -> tuple[str, ...]:
        """The marks that have not come back."""
        return tuple(name for name, _ in self._marks)

    def playing(self, now_ms: float) -> bool:
        """Whether audio is queued or leaves the loudspeaker."""
        return now_ms < self._dry_ms

    def played_bytes(self, now_ms: float) -> int:
        """How many bytes have left the loudspeaker."""
        ahead = 0
        for chunk in reversed(self.chunks):
            if chunk.end_ms <= now_ms:
                break
            ahead += chunk.kept - chunk.played(now_ms)
        return self._kept_bytes - ahead

    def time_of(self, played_bytes: int) -> float | None:
        """When so many bytes will have left the loudspeaker, as far as is known; None if not so many will."""
        for chunk in self.chunks:
            if played_bytes <= chunk.kept:
                return chunk.run.time_of(chunk.position + played_bytes)
            played_bytes -= chunk.kept
        return None

    def played_audio(self, now_ms: float) -> bytes:
        """What has left the loudspeaker, without the pauses between."""
        return b"".join(chunk.payload[: chunk.played(now_ms)] for chunk in self.chunks)
