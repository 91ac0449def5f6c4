"""Where whole calls are played: beside each other, since a call mostly waits, and a test of one looks like any other.

    @together
    async def test_something() -> None: ...

All such tests run in one event loop, `AT_ONCE` of them at a time, in the order in which pytest reports them. What
would hold up the others is `@by_itself`: played in the same loop, when they are over.
"""

import asyncio
import functools
import gc
import time
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")
Scene = Callable[..., Coroutine[Any, Any, None]]
Key = tuple[Scene, str]

AT_ONCE = 12
LONGEST_S = 75.0
STALL_S = 0.06
"""Where the loop was held up for longer, a scene that failed proves nothing: it is played again."""

PLAYED_AGAIN = 2


class Stage:
    """The loop and the scenes that are to be played in it."""

    def __init__(self) -> None:
        self._planned: list[tuple[Scene, dict[str, Any]]] = []
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._stalls: list[float] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def plan(self, scene: Scene, arguments: dict[str, Any]) -> None:
        """A scene that will be asked for."""
        self._planned.append((scene, arguments))

    def play(self, scene: Scene, arguments: dict[str, Any]) -> None:
        """Wait for a scene to end, and raise what it raised. The first one begins them all."""
        if self._loop is None:
            gc.collect()
            gc.freeze()  # what was loaded by now is left out of every later collection, which would hold up the calls
            self._loop = asyncio.new_event_loop()
            self._places = asyncio.Semaphore(AT_ONCE)
            self._clock = self._loop.create_task(self._watch())
            for planned, given in self._planned:
                self._begin(planned, given)
        self._loop.run_until_complete(self._tasks.get(_key(scene, arguments)) or self._begin(scene, arguments))

    def _begin(self, scene: Scene, arguments: dict[str, Any]) -> "asyncio.Task[None]":
        assert self._loop
        task = self._tasks[_key(scene, arguments)] = self._loop.create_task(self._act(scene, arguments))
        return task

    async def _act(self, scene: Scene, arguments: dict[str, Any]) -> None:
        """Play a scene; play it again if it failed while the machine did not keep time."""
        async with self._places:
            for _ in range(PLAYED_AGAIN):
                began_s = time.monotonic()
                try:
                    await asyncio.wait_for(scene(**arguments), LONGEST_S)
                except (AssertionError, TimeoutError):
                    if not any(at_s >= began_s for at_s in self._stalls):
                        raise
                else:
                    return
            await asyncio.wait_for(scene(**arguments), LONGEST_S)

    async def _watch(self) -> None:
        """Note whenever this process was held up for so long that no call in real time could be played."""
        while True:
            due_s = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            if time.monotonic() - due_s > STALL_S:
                self._stalls.append(time.monotonic())

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Break off what nobody waits for any more; `last` is done in the loop before it ends."""
        if self._loop is None:
            return
        self._clock.cancel()
        for task in self._tasks.values():
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(self._clock, *self._tasks.values(), return_exceptions=True))
        self._loop.run_until_complete(last())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


STAGE = Stage()


def together(scene: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test that is played beside the others of its kind."""

    @functools.wraps(scene)
    def play(*args: P.args, **kwargs: P.kwargs) -> None:
        STAGE.play(scene, kwargs)

    play.scene = scene  # type: ignore[attr-defined]
    return play


def by_itself(scene: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test of a whole call that keeps the machine so busy that others would suffer."""
    play = together(scene)
    play.alone = True  # type: ignore[attr-defined]
    return play


def _key(scene: Scene, arguments: dict[str, Any]) -> Key:
    return scene, repr(sorted(arguments.items()))
