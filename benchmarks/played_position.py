"""How exact is `heard_ms`? Simulated barge-ins against a loudspeaker whose truth is known.

    python -m benchmarks.played_position --count 1000

Pure simulation with a clock of its own: Twilio's buffer plays in real time; every message either way has a fixed
delay and jitter of its own, order kept; the loudspeaker starts late on an empty buffer; the model stalls now and
then. No sockets, so thousands take seconds.
"""

import argparse
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from twilio_openai.audio import BYTES_PER_MS
from twilio_openai.ledger import FIRST_MARK_BYTES, PlaybackLedger


@dataclass(frozen=True)
class Conditions:
    """One line's weather, in ms: delay each way, jitter per message, lateness of the loudspeaker, share of answers with
    a stall.
    """

    out_ms: float
    back_ms: float
    jitter_ms: float
    late_ms: float
    stalls: bool


class Clock:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Schedule `what` for `when` (ms)."""
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = until


class Way:
    """One direction of the network: delay, jitter, order kept."""

    def __init__(self, clock: Clock, delay: float, jitter: float, rng: random.Random) -> None:
        self._clock, self._delay, self._jitter, self._rng, self._last = clock, delay, jitter, rng, 0.0

    def send(self, deliver: Callable[[], None]) -> None:
        """Deliver a message at the other end."""
        self._last = max(self._last, self._clock.now + self._delay + self._rng.uniform(0, self._jitter))
        self._clock.at(self._last, deliver)


@dataclass
class Loudspeaker:
    """Twilio's buffer: audio and marks in order; what has played is known exactly."""

    clock: Clock
    echo: Callable[[str], None]
    late_ms: float
    rng: random.Random
    free_at: float = 0.0
    segments: list[tuple[float, float]] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)
    generation: int = 0
    discarded: float = 0.0

    def media(self, size_ms: float) -> None:
        """Queue audio."""
        start = self.free_at if self.free_at > self.clock.now else self.clock.now + self.rng.uniform(0, self.late_ms)
        self.segments.append((start, size_ms))
        self.free_at = start + size_ms

    def mark(self, name: str) -> None:
        """Queue a mark; it comes back when all before it has played."""
        due = max(self.free_at, self.clock.now)
        self.marks.append((due, name))
        generation = self.generation
        self.clock.at(due, lambda: self._reach(name, generation))

    def _reach(self, name: str, generation: int) -> None:
        if generation == self.generation:
            self.marks = [mark for mark in self.marks if mark[1] != name]
            self.echo(name)

    def played_ms(self) -> float:
        """All that has left the loudspeaker."""
        return sum(max(0.0, min(size, self.clock.now - start)) for start, size in self.segments)

    def clear(self) -> None:
        """Empty the buffer; every outstanding mark goes back."""
        now = self.clock.now
        self.segments = [(start, max(0.0, min(size, now - start))) for start, size in self.segments]
        self.generation += 1
        self.free_at = now
        marks, self.marks = self.marks, []
        for _, name in marks:
            self.echo(name)


class Line:
    """A server with its ledger on one end, Twilio with its loudspeaker on the other."""

    def __init__(self, weather: Conditions, rng: random.Random) -> None:
        self.rng, self.weather, self.clock, self.ledger = rng, weather, Clock(), PlaybackLedger()
        self.out = Way(self.clock, weather.out_ms, weather.jitter_ms, rng)
        back = Way(self.clock, weather.back_ms, weather.jitter_ms, rng)
        self.speaker = Loudspeaker(self.clock, lambda name: back.send(lambda: self._echoed(name)), weather.late_ms, rng)
        self.burst = False
        back_frames = 400
        for frame in range(back_frames):  # the caller's frames share the way back, and its order
            self.clock.at(frame * 20.0, lambda: back.send(lambda: None))

    def _echoed(self, name: str) -> None:
        self.burst = self.ledger.echoed(name, self.clock.now) or self.burst

    def _mark(self, name: str) -> None:
        self.out.send(lambda: self.speaker.mark(name))

    def probe(self) -> None:
        """The round trip, measured while nothing is buffered."""
        self._mark(self.ledger.probe(self.clock.now))

    def delta(self, item: str, size_ms: int) -> None:
        """One delta of the model, sent on as the adapter does."""
        first = FIRST_MARK_BYTES // BYTES_PER_MS
        parts = [first, size_ms - first] if self.ledger.is_dry(self.clock.now) and size_ms > first else [size_ms]
        for part in parts:
            self.out.send(partial(self.speaker.media, part))
            self._mark(self.ledger.sent(item, part * BYTES_PER_MS, self.clock.now))

    def answer(self, item: str, length_ms: int, speed: float) -> None:
        """Schedule one answer's deltas: 100-400 ms each, `speed` times faster than real time, perhaps with a stall."""
        at, done = self.clock.now, 0
        stall_at = self.rng.uniform(300, length_ms) if self.weather.stalls else length_ms
        while done < length_ms:
            size = min(self.rng.choice([100, 200, 240, 300, 400]), length_ms - done)
            done += size
            at += size / speed
            if done - size <= stall_at < done:
                at += self.rng.uniform(500, 3000)
            self.clock.at(at, partial(self.delta, item, size))

    def barge_in(self) -> float:
        """Clear now; the error of the settled position in ms (claimed minus true)."""
        before = self.speaker.played_ms()
        mark = self.ledger.clear(self.clock.now)
        truth: list[float] = []

        def take_effect() -> None:
            truth.append(self.speaker.played_ms())
            self.speaker.clear()

        self.out.send(take_effect)
        self._mark(mark)
        due = self.clock.now + 300
        self.burst = False
        while not self.burst and self.clock.now < due:
            self.clock.run(self.clock.now + 1)
        heard = self.ledger.settle()
        self.clock.run(self.clock.now + 700)
        del before
        return sum(h.heard_ms for h in heard) - truth[0]


def one(rng: random.Random, jitter_ms: float = 30) -> float | None:
    """One barge-in under random conditions: its error in ms, or None when nothing was left to cut."""
    weather = Conditions(
        rng.uniform(0, 150), rng.uniform(0, 150), rng.uniform(0, jitter_ms), rng.uniform(0, 120), rng.random() < 0.3
    )
    line = Line(weather, rng)
    line.probe()
    line.clock.run(rng.uniform(400, 1500))
    length = rng.randrange(2000, 8000, 20)
    line.answer("item", length, rng.uniform(3, 6))
    line.clock.run(line.clock.now + weather.out_ms + 60 + rng.uniform(150, 4000))
    if not line.ledger.unplayed:
        return None
    return line.barge_in()


def measure(count: int, seed: int = 1) -> list[float]:
    """So many errors, in ms."""
    rng = random.Random(seed)
    errors: list[float] = []
    while len(errors) < count:
        error = one(rng)
        if error is not None:
            errors.append(error)
    return errors


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="barge-ins to simulate")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    errors = measure(args.count, args.seed)
    sizes = sorted(abs(error) for error in errors)
    mean = sum(sizes) / len(sizes)
    p95 = sizes[int(0.95 * len(sizes))]
    print(f"{len(sizes)} barge-ins: mean error {mean:.1f} ms, p95 {p95:.1f} ms, worst {sizes[-1]:.1f} ms, ")
    print(f"bias {sum(errors) / len(errors):+.1f} ms")


if __name__ == "__main__":
    main()
