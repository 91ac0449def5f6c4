"""The playback ledger: which of the model's audio has left the caller's loudspeaker.

The rules, with `facts` = what Twilio documents about marks and `clear`:

1. Audio plays in the order sent, in real time, from a buffer at Twilio's. Positions are milliseconds of audio on that
   one tape.
2. A mark's echo says that everything before it has played. Between echoes the playhead advances in real time, never
   beyond what was sent. `offset` = arrival of an echo minus its position; within one *run* (playback without a dry
   buffer) it is constant but for the jitter of the network, so it is averaged over the last echoes. It contains the
   trip back, which every message has alike.
3. Where the buffer runs dry the loudspeaker stops, and starts a little late again: a new run, with an offset of its
   own. Its first mark stands after the first 60 ms, so that its offset is known early.
4. `clear` empties the buffer, and Twilio sends back every outstanding mark as if it had played (facts). That burst
   arrives one trip after `clear` took effect, as a true echo does after its position was reached. So the playhead at
   the cut is the burst's arrival minus the run's offset, whatever the network's delay.
5. An echo that was under way when `clear` took effect did play. Time tells: it stands alone, or arrives when it was
   due; the burst arrives together with the mark that was sent right behind `clear`, and before it was due.
6. Mark names carry a generation, which `clear` raises: an echo of an old one never counts for what came after.

A chunk goes QUEUED -> HEARD | CLEARED, and nothing changes it afterwards. Pure: time comes in as `now_ms` (monotonic,
any origin).
"""

from collections import deque
from collections.abc import Iterable
from statistics import fmean

from .audio import ms
from .playback import ECHOES_AVERAGED, JITTER_MS, Chunk, Clear, Evidence, Heard, Run

FIRST_MARK_BYTES = 480
"""60 ms: how much audio goes before the first mark of a run. 480 bytes are 640 characters of base64, cut without
decoding.
"""

SETTLE_MS = 300.0
"""How long a cut waits for the burst of echoes before it is settled by estimate."""

ASSUMED_TRIP_MS = 100.0
"""Round trip to Twilio before one has been measured."""

ASSUMED_LATE_MS = 30.0
"""How late a loudspeaker starts on an empty buffer before one has been seen to."""


class PlaybackLedger:
    """The account of one media stream. `evidence` tells how the last cut is known."""

    def __init__(self) -> None:
        self._generation = 0
        self._marks = 0
        self._sent = 0.0  # the tape's length: everything sent, less what was cleared
        self._heard = 0.0  # the playhead as far as echoes prove it
        self._runs: list[Run] = []
        self._pending: deque[Chunk] = deque()
        self._items: dict[str, list[Chunk]] = {}
        self._probes: dict[str, float] = {}
        self._trips: deque[float] = deque(maxlen=ECHOES_AVERAGED)
        self._lates: deque[float] = deque(maxlen=ECHOES_AVERAGED)
        self._clear: Clear | None = None
        self.evidence: Evidence | None = None

    # -- what is asked

    @property
    def unplayed(self) -> bool:
        """Whether audio is waiting at Twilio's or its echo is on the way."""
        return bool(self._pending)

    @property
    def clearing(self) -> bool:
        """Whether a cut waits to be settled."""
        return self._clear is not None

    @property
    def settle_due_ms(self) -> float | None:
        """When a cut must be settled at the latest."""
        return self._clear.sent_ms + SETTLE_MS if self._clear else None

    @property
    def tape_ms(self) -> float:
        """All audio that was ever sent, in ms."""
        return self._sent

    @property
    def trip_ms(self) -> float | None:
        """The round trip of a mark as measured, or None before the first measurement."""
        return fmean(self._trips) if self._trips else None

    def is_dry(self, now_ms: float) -> bool:
        """Whether audio sent now may find an empty buffer: then the first mark belongs after the first 60 ms of it."""
        return not self._runs or now_ms + self._trip >= self._runs[-1].offset + self._sent - JITTER_MS

    def playing(self, item_id: str) -> bool:
        """Whether some of the item's audio is still unplayed as far as echoes tell."""
        chunks = self._items.get(item_id)
        return chunks is not None and chunks[-1].end > self._heard

    def sent_ms(self, item_id: str) -> float:
        """How much of an item's audio was sent to the loudspeaker, in ms."""
        return sum(chunk.end - chunk.start for chunk in self._items.get(item_id, ()))

    def heard(self, item_id: str, now_ms: float) -> Heard:
        """What has been heard of an item by now, by estimate between echoes."""
        return self._count(item_id, self._position(now_ms))

    # -- what happens

    def probe(self, now_ms: float) -> str:
        """Name of a mark that is sent while nothing is buffered: it comes back at once and tells the round trip."""
        name = self._name()
        self._probes[name] = now_ms
        return name

    def sent(self, item_id: str, size_bytes: int, now_ms: float) -> str:
        """Note audio that is being sent, and get the name of the mark to send right behind it."""
        if self.is_dry(now_ms):
            self._start_run(now_ms)
        start = self._sent
        self._sent = start + ms(size_bytes)
        chunk = Chunk(item_id, start, self._sent, self._name(), self._runs[-1])
        self._pending.append(chunk)
        self._items.setdefault(item_id, []).append(chunk)
        return chunk.mark

    def echoed(self, mark: str, now_ms: float) -> bool:
        """Note a mark's echo. True when it completes a burst: the cut can be settled now."""
        if mark in self._probes:
            self._trips.append(now_ms - self._probes.pop(mark))
            if self._clear and mark == self._clear.mark:
                self._clear.mark_echoed_ms = now_ms
                return True
        elif self._clear and any(chunk.mark == mark for chunk in self._clear.pending):
            self._echo_up_to(mark, self._clear.pending, now_ms)
        elif any(chunk.mark == mark for chunk in self._pending):
            self._play_up_to(mark, now_ms)
        return False

    def clear(self, now_ms: float) -> str:
        """Note that `clear` is being sent, and get the name of the mark to send right behind it."""
        self._generation += 1
        mark = self.probe(now_ms)
        self._clear = Clear(now_ms, mark, list(self._pending))
        self._pending.clear()
        return mark

    def settle(self) -> list[Heard]:
        """End a cut: what was heard of each item that had audio waiting, in the order sent. Else []."""
        clear, self._clear = self._clear, None
        if clear is None:
            return []
        told_ms, cut = self._cut_position(clear)
        self._keep_evidence(clear.pending, clear.sent_ms, told_ms, cut)
        return self._close(clear.pending, cut)

    def stop(self, now_ms: float) -> list[Heard]:
        """The stream is over: what was heard by now of each item that had audio waiting."""
        settled = self.settle()
        pending, cut = list(self._pending), self._position(now_ms)
        self._pending.clear()
        if pending:
            self._keep_evidence(pending, None, now_ms, cut)
        return settled + self._close(pending, cut)

    def forget(self, item_id: str) -> None:
        """Drop the account of an item that is settled."""
        self._items.pop(item_id, None)

    # -- how it is known

    @property
    def _trip(self) -> float:
        return fmean(self._trips) if self._trips else ASSUMED_TRIP_MS

    def _name(self) -> str:
        self._marks += 1
        return f"g{self._generation}-{self._marks}"

    def _start_run(self, now_ms: float) -> None:
        """A new run: its audio starts when it arrives, but not before what was sent before it has played."""
        before = self._runs[-1] if self._runs else None
        if before is not None and before.offsets:
            before.before = None  # it knows its own offset; no chain grows over a long call
        late = fmean(self._lates) if self._lates else ASSUMED_LATE_MS
        self._runs.append(Run(self._sent, now_ms + self._trip - self._sent, late, before))
        del self._runs[:-8]

    def _anchor(self, chunk: Chunk, echoed_ms: float) -> None:
        run, offset = chunk.run, echoed_ms - chunk.end
        if not run.offsets and run.dry and self._trips:
            self._lates.append(max(0.0, offset - run.arrival))
        run.offsets.append(offset)

    def _play_up_to(self, mark: str, now_ms: float) -> None:
        """An echo acknowledges its mark and every earlier one; only its own arrival says when."""
        while True:
            chunk = self._pending.popleft()
            self._heard = chunk.end
            if chunk.mark == mark:
                self._anchor(chunk, now_ms)
                return

    @staticmethod
    def _echo_up_to(mark: str, pending: Iterable[Chunk], now_ms: float) -> None:
        for chunk in pending:
            chunk.echoed_ms = now_ms if chunk.echoed_ms is None else chunk.echoed_ms
            if chunk.mark == mark:
                return

    def _position(self, now_ms: float) -> float:
        """The playhead as an echo that arrived now would tell it."""
        end = self._sent
        for run in reversed(self._runs):
            if now_ms - run.offset > run.start:
                return max(self._heard, min(end, now_ms - run.offset))
            end = run.start
        return self._heard

    def _cut_position(self, clear: Clear) -> tuple[float | None, float]:
        """The arrival of the echo that tells, and where the playhead was when `clear` took effect (rules 4, 5)."""
        for index, chunk in enumerate(clear.pending):
            if chunk.echoed_ms is None:
                break
            alone = self._stands_alone(clear, index, chunk.echoed_ms)
            in_time = chunk.echoed_ms >= chunk.run.offset + chunk.end - JITTER_MS
            if not (in_time if chunk.run.anchored else alone):
                return chunk.echoed_ms, min(chunk.end, self._position(chunk.echoed_ms))
            if alone:
                self._heard = chunk.end
                self._anchor(chunk, chunk.echoed_ms)
        return clear.mark_echoed_ms, self._position(clear.mark_echoed_ms or clear.sent_ms + self._trip)

    def _stands_alone(self, clear: Clear, index: int, echoed_ms: float) -> bool:
        """Whether this echo came before the burst: long before its end, or a pause follows it."""
        if echoed_ms < (clear.mark_echoed_ms or clear.sent_ms + self._trip) - 2 * JITTER_MS:
            return True
        following = clear.pending[index + 1].echoed_ms if index + 1 < len(clear.pending) else None
        return following is not None and following - echoed_ms > JITTER_MS

    def _keep_evidence(self, pending: list[Chunk], cleared_ms: float | None, told_ms: float | None, cut: float) -> None:
        run = next((run for run in reversed(self._runs) if run.start <= cut), None)
        starts = {chunk.item_id: self._items[chunk.item_id][0].start for chunk in pending}
        offset, echoes = (run.offset, len(run.offsets)) if run else (0.0, 0)
        self.evidence = Evidence(cleared_ms, told_ms, self._trip, offset, echoes, cut, starts)

    def _close(self, pending: list[Chunk], cut: float) -> list[Heard]:
        """What was heard of the items of these chunks. Whatever is sent next finds an empty buffer."""
        heard = [self._count(item_id, cut) for item_id in dict.fromkeys(chunk.item_id for chunk in pending)]
        self._heard = self._sent
        self._runs.clear()
        return heard

    def _count(self, item_id: str, position: float) -> Heard:
        chunks = self._items.get(item_id, [])
        played = sum(max(0.0, min(chunk.end, position) - chunk.start) for chunk in chunks)
        return Heard(item_id, played, self.sent_ms(item_id))
