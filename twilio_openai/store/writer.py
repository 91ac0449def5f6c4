"""The writer: takes what calls have to say at once, and stores it when the store can.

The rules:

1. `put` never waits and never raises, whatever the store does. One task writes, everything of all calls in turn.
2. What is settled keeps its order and is written at once: after `GATHER_S`, which lets the calls of a busy moment share
   a transaction. Of a turn that is being played only the newest progress counts; it goes along, or within `TICK_S`.
3. A store that is away or slow is named once (`store.away`) and tried again until it is back (`store.back`, with how
   much was caught up). What waits meanwhile is bounded: beyond `max_queued` changes the oldest is dropped, which is
   said once too (`store.behind`). The transcripts are in the log all the same.
4. A row that the store refuses does not hold up the others: they are written one by one, and it is dropped.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, repeat

from ..logs import get_logger
from .call_store import CallStore
from .changes import Change, Said
from .errors import StoreError, StoreRefused

GATHER_S = 0.2
TICK_S = 0.25
BATCH = 100
"""Changes in one transaction: few enough that preparing them holds up no frame."""

MAX_QUEUED = 50_000
"""About 50 MB, and an hour of 50 calls."""

MAX_PLAYING = 2_000
SLOW_S = 5.0
PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0)
CLOSE_S = 3.0

log = get_logger(__name__)


def _nobody(_call_sid: str) -> None:
    """Nobody minds."""


class StoreWriter:
    """Writes changes behind the calls' backs. Made and used on one event loop.

    `on_superseded` is told, once for each batch, the CallSids whose changes were refused because the call has gone on
    under a newer generation: whoever serves an older one must let go of it. It must not raise.
    """

    def __init__(
        self,
        store: CallStore,
        *,
        on_superseded: Callable[[str], None] = _nobody,
        max_queued: int = MAX_QUEUED,
        slow_s: float = SLOW_S,
    ) -> None:
        self._store = store
        self._on_superseded = on_superseded
        self._max_queued = max_queued
        self._slow_s = slow_s
        self._queue: deque[tuple[float, Change]] = deque()
        self._in_hand: list[tuple[float, Change]] = []
        self._playing: dict[tuple[str, str], Said] = {}
        self._settled = asyncio.Event()
        self._empty = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._away = False
        self._caught_up = 0
        self._dropped = 0
        self._behind = 0

    # -- for calls

    def put(self, change: Change) -> None:
        """Take a change. Settled turns, starts and ends are queued; progress replaces what was known of its turn."""
        if isinstance(change, Said):
            item = (change.call_sid, change.turn.item_id)
            if not change.settled:
                self._put_playing(item, change)
                return
            self._playing.pop(item, None)
        if len(self._queue) >= self._max_queued:
            self._queue.popleft()
            self._say_behind()
        self._queue.append((time.monotonic(), change))
        self._settled.set()

    def _put_playing(self, item: tuple[str, str], progress: Said) -> None:
        if len(self._playing) >= MAX_PLAYING and item not in self._playing:
            del self._playing[next(iter(self._playing))]
        self._playing[item] = progress

    # -- for the server

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(_say_failed)

    @property
    def queued(self) -> int:
        """Changes that are not stored yet."""
        return len(self._queue) + len(self._in_hand) + len(self._playing)

    @property
    def lag_s(self) -> float:
        """How long the oldest settled change has been waiting; 0 when none is."""
        oldest = next(chain(self._in_hand, self._queue), None)
        return time.monotonic() - oldest[0] if oldest else 0.0

    @property
    def dropped(self) -> int:
        """Changes that will never be stored."""
        return self._dropped

    async def flush(self, timeout_s: float) -> bool:
        """Wait until everything is stored, and say whether it is."""
        if self.queued:
            self._empty.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._empty.wait()
        return not self.queued

    async def close(self) -> None:
        """Stop writing. What is still queued is lost to the store, and said."""
        if self._task is not None:
            with suppress(TimeoutError):  # a driver that is interrupted half-way may take longer than one that is not
                async with asyncio.timeout(CLOSE_S):
                    await self._writing.acquire()
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CLOSE_S)
        if self.queued:
            log.error("store.lost", changes=self.queued)

    # -- the task

    async def _run(self) -> None:
        """The first round has nothing in hand: it makes the store, or finds at once that it is away."""
        while True:
            for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
                if await self._write():
                    break
                await asyncio.sleep(pause_s)
            await self._wait()
            self._in_hand = list(self._take())

    async def _wait(self) -> None:
        """Until there is something to write; not at all while more waits than one batch holds."""
        if max(len(self._queue), len(self._playing)) >= BATCH:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await self._settled.wait()
                await asyncio.sleep(GATHER_S)

    def _take(self) -> Iterator[tuple[float, Change]]:
        """The next batch: the oldest settled changes first, and then what is being played."""
        room = range(BATCH)
        now_s = time.monotonic()
        yield from (self._queue.popleft() for _ in room if self._queue)
        if not self._queue:
            self._settled.clear()
        yield from ((now_s, self._playing.pop(next(iter(self._playing)))) for _ in room if self._playing)

    async def _write(self) -> bool:
        """Try to store what is in hand."""
        slow = asyncio.get_running_loop().call_later(self._slow_s, self._say_away, f"no answer for {self._slow_s:g} s")
        batch = [change for _, change in self._in_hand]
        try:
            async with self._writing:
                await self._store.migrate()
                if batch:
                    await self._store_all(batch)
        except StoreError as error:
            self._say_away(str(error))
            return False
        finally:
            slow.cancel()
        self._in_hand = []
        self._say_back(len(batch))
        if not self.queued:
            self._empty.set()
        return True

    async def _store_all(self, batch: list[Change]) -> None:
        try:
            superseded = await self._store.write(batch)
        except StoreRefused:
            superseded = frozenset()
            for change in batch:
                superseded |= await self._store_one(change)
        for call_sid in superseded:
            self._on_superseded(call_sid)

    async def _store_one(self, change: Change) -> frozenset[str]:
        try:
            return await self._store.write([change])
        except StoreRefused as error:
            self._dropped += 1
            log.error("store.refused", call_sid=change.call_sid, what=type(change).__name__, reason=str(error))
            return frozenset()

    # -- what is said of it

    def _say_away(self, reason: str) -> None:
        if not self._away:
            self._away = True
            log.error("store.away", store=self._store.name, reason=reason, queued=self.queued)

    def _say_back(self, written: int) -> None:
        if not (self._away or self._behind):
            return
        self._caught_up += written
        if not self._queue:
            log.info("store.back", store=self._store.name, caught_up=self._caught_up, dropped=self._behind)
            self._away, self._caught_up, self._behind = False, 0, 0

    def _say_behind(self) -> None:
        self._dropped += 1
        self._behind += 1
        if self._behind == 1:
            log.error("store.behind", store=self._store.name, queued=self.queued)


def _say_failed(task: asyncio.Task[None]) -> None:
    """A mistake of ours ended the writer: nothing is stored from here on, and that must not go unnoticed."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("store.failed", exc_info=error)
