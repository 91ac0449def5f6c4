"""Aligns cut answers off the event loop: one worker process of low priority, a bounded queue.

Where the queue is full, or the worker has died, the quick estimate serves, and its confidence says so.
"""

import asyncio
import multiprocessing
import os
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

from ..adapters.actions import CountWords
from ..alignment import Alignment, align, estimate
from ..logs import get_logger

MAX_WAITING = 32
"""Answers that may wait for the worker: about half a second of its time."""

log = get_logger(__name__)


def _begin() -> None:
    """Of low priority, and on one thread: the calls come first."""
    os.nice(10)
    align("Ready.", b"\xff" * 1600)


class AlignmentService:
    """Words of cut answers, for all calls of a process."""

    def __init__(self) -> None:
        self._pool = self._start()
        self._waiting = 0

    @staticmethod
    def _start() -> ProcessPoolExecutor:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # inherited by the worker, before numpy is loaded there
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin)

    async def warm_up(self) -> None:
        """Load the worker now rather than at the first barge-in."""
        await asyncio.wrap_future(self._pool.submit(os.getpid))

    async def align(self, cut: CountWords, language: str) -> Alignment:
        """Where each word of the cut answer ends; never raises, but for the caller's cancellation."""
        if self._waiting >= MAX_WAITING:
            return estimate(cut.text, cut.audio, language, cut.complete)
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._pool.submit(align, cut.text, cut.audio, language, cut.complete))
        except BrokenExecutor as error:
            log.warning("alignment.restarted", reason=str(error))
            self._pool = self._start()
            return estimate(cut.text, cut.audio, language, cut.complete)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the worker."""
        self._pool.shutdown(wait=False, cancel_futures=True)
