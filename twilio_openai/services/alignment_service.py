"""Aligns cut answers off the event loop: one worker process of low priority, a bounded queue.

Where the queue is full, or the worker is not there, the quick estimate serves, and its confidence says so.
"""

import asyncio
import pickle
import sys
from collections import deque

from ..adapters.actions import CountWords
from ..alignment import Alignment, estimate
from ..logs import get_logger
from .alignment_worker import LENGTH, pack

MAX_WAITING = 32
"""Answers that may wait for the worker: about half a second of its time."""

RESTART_S = 1.0
WORKER = "twilio_openai.services.alignment_worker"

log = get_logger(__name__)


class AlignmentService:
    """Words of cut answers, for all calls of a process. Answers come back in the order in which they were asked for."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: deque[asyncio.Future[Alignment | None]] = deque()
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the worker, and begin to keep it alive."""
        self._keeper = asyncio.create_task(self._keep())
        await self.align(CountWords("", "Ready.", b"\xff" * 800, 0.0, True), "en")

    async def align(self, cut: CountWords, language: str) -> Alignment:
        """Where each word of the cut answer ends; never raises, but for the caller's cancellation."""
        found = None
        process = self._process
        if process is not None and process.stdin is not None and len(self._waiting) < MAX_WAITING:
            future: asyncio.Future[Alignment | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            process.stdin.write(pack((cut.text, cut.audio, language, cut.complete)))
            found = await future
        return found or estimate(cut.text, cut.audio, language, cut.complete)

    async def close(self) -> None:
        """End the worker."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep(self) -> None:
        """Run the worker, again and again should it die."""
        while True:
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(sys.executable, "-m", WORKER, stdin=pipe, stdout=pipe)
            self._process = process
            try:
                await self._read(process)
            finally:
                self._process = None
                self._give_up()
                if process.returncode is None:
                    process.kill()
                await process.wait()
            log.warning("alignment.restarted", code=process.returncode)
            await asyncio.sleep(RESTART_S)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand out the worker's answers until it dies."""
        assert process.stdout is not None
        try:
            while True:
                length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
                answer = pickle.loads(await process.stdout.readexactly(length))
                future = self._waiting.popleft()
                if not future.done():
                    future.set_result(answer)
        except asyncio.IncompleteReadError:
            return

    def _give_up(self) -> None:
        """Whoever waits takes the estimate."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
