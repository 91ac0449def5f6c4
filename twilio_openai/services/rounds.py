"""The event loop in rounds: with many calls it looks at the sockets at most once in `ROUND_MS`.

A hundred calls send 5000 frames a second, and each would wake the process on its own: to wake costs as much as to
forward a frame. So while `MANY` calls are up, the loop sleeps out the rest of a round before it looks again, and finds
a handful of frames at once. It delays a frame by half a round on average; nobody hears a millisecond. When the work of
a round takes longer than the round, nothing is waited for: at full load there are no rounds, and nothing is lost.
(`docs/performance.md` has the measurements. Network cards do the same under the name of interrupt moderation.)

The sleep is a plain one, on purpose: nothing else could keep the loop from being woken.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

ROUND_MS = 2.0
MANY = 30
"""Calls below which each frame is forwarded at once: the processor has nothing better to do."""


class Rounds:
    """Of one event loop."""

    def __init__(self) -> None:
        self._calls = 0
        self._running = False
        self._due_s = 0.0

    @contextmanager
    def joined(self) -> Iterator[None]:
        """While a call is up."""
        self._calls += 1
        if self._calls >= MANY and not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._begin)
        try:
            yield
        finally:
            self._calls -= 1

    def _begin(self) -> None:
        """The first thing in a round: wait until the last one is over, and be called in the next."""
        if self._calls < MANY:
            self._running = False
            return
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._due_s = time.monotonic() + ROUND_MS / 1000
        asyncio.get_running_loop().call_soon(self._begin)
