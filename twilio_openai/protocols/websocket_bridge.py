"""The bridge: moves messages between two sockets as an adapter says, and knows nothing of what they mean.

    transport --message--> bridge --event, time--> adapter --actions--> bridge --text--> transport

There is no task, queue or lock per message: a transport calls back, and everything that follows happens in that call.
What is unsent is bounded. A target that does not read gets no more than `MAX_UNSENT_BYTES` at once; of what waits
behind it, the oldest audio is dropped first and control messages never. A source that does not read makes the bridge
stop reading the target.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from .websocket_adapter import Action, Actions, Close, Drop, Send, SendAudio, Side, WebSocketAdapter

MAX_UNSENT_BYTES = 256 * 1024
"""Unsent bytes at which a transport counts as clogged: about 12 s of the caller's audio."""

MAX_WAITING = 1500
"""Hot messages kept for a clogged target: 30 s of 20 ms frames."""


class Transport(Protocol):
    """One open WebSocket, as the bridge sees it. Callbacks are made from the event loop; `send` and `close` never block
    or raise.
    """

    def start(self, on_message: Callable[[str | bytes], None], on_close: Callable[[int, str], None]) -> None:
        """Deliver every message from now on (and those that waited), and at the end, once, code and reason."""

    def send(self, text: str) -> None:
        """Send a text frame; silently ignored once the socket is closed."""

    def close(self, code: int, reason: str) -> None:
        """Close the socket; `on_close` follows."""

    def pause(self) -> None:
        """Stop reading until `resume`."""

    def resume(self) -> None:
        """Read again."""

    @property
    def unsent(self) -> int:
        """Bytes that were handed to `send` and have not left this process."""


def _ignore(*_what: object) -> None:
    """What a forgotten socket has to say."""


class WebSocketBridge:
    """Two sides and the adapter between them."""

    def __init__(
        self, adapter: WebSocketAdapter, perform: Callable[[Action], None], clock: Callable[[], float]
    ) -> None:
        """`perform` carries out the adapter's own actions; `clock` gives monotonic milliseconds."""
        self._adapter = adapter
        self._perform = perform
        self._clock = clock
        self._sides: dict[Side, Transport] = {}
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING)
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0.0
        self._done = asyncio.Event()
        self.dropped = 0

    def attach(self, side: Side, transport: Transport) -> None:
        """Take over an open socket in place of any that this side had: its messages go to the adapter from now on."""
        self._forget(side, 1000, "replaced")
        self._sides[side] = transport
        receive = self._from_source if side is Side.SOURCE else self._from_target
        self.act(self._adapter.open(side, self._clock()))
        transport.start(
            partial(self._guard, side, receive),
            partial(self._guard, side, partial(self._closed, side)),
        )

    async def run(self) -> None:
        """Until both sides are closed."""
        await self._done.wait()

    def act(self, actions: Actions) -> None:
        """Carry out actions, also those that an outside event (a tool's answer) led to."""
        for action in actions:
            if isinstance(action, Send):
                self._send(action.side, action.text)
            elif isinstance(action, SendAudio):
                self._send_audio(action.text)
            elif isinstance(action, Close):
                self._close(action)
            elif isinstance(action, Drop):
                self._forget(action.side, 1000, action.reason)
            else:
                self._perform(action)
        self._set_timer()

    def _act_if_any(self, actions: Actions | None) -> None:
        if actions is not None:
            self.act(actions)

    # -- messages

    def _guard(self, side: Side, handle: Callable[..., None], *what: str | bytes | int) -> None:
        """Every callback of a socket comes through here: an error of ours ends this call, in the adapter's way, and no
        other.
        """
        try:
            handle(*what)
        except Exception as error:  # noqa: BLE001  the edge of a call
            self.act(self._adapter.error(side, error, self._clock()))

    def _from_source(self, text: str | bytes) -> None:
        now_ms = self._clock()
        hot = self._adapter.from_source(text, now_ms) if isinstance(text, str) else None
        if hot is None:
            self._act_if_any(self._adapter.message(Side.SOURCE, text, now_ms))
        elif hot:
            self._send_audio(hot)

    def _from_target(self, text: str | bytes) -> None:
        now_ms = self._clock()
        hot = self._adapter.from_target(text, now_ms) if isinstance(text, str) else None
        if hot is None:
            self._act_if_any(self._adapter.message(Side.TARGET, text, now_ms))
            return
        source = self._sides.get(Side.SOURCE)
        if source is not None:
            for out in hot:
                source.send(out)
            if source.unsent > MAX_UNSENT_BYTES:
                self._pause_target()

    def _send(self, side: Side, text: str) -> None:
        transport = self._sides.get(side)
        if transport is not None:
            transport.send(text)
            if side is Side.SOURCE and transport.unsent > MAX_UNSENT_BYTES:
                self._pause_target()

    def _send_audio(self, text: str) -> None:
        """Audio for the target: sent in order, or kept while it does not read, the oldest dropped first."""
        target = self._sides.get(Side.TARGET)
        if target is None:
            return
        if not self._waiting and target.unsent <= MAX_UNSENT_BYTES:
            target.send(text)
            return
        self.dropped += len(self._waiting) == MAX_WAITING
        self._waiting.append(text)
        while self._waiting and target.unsent <= MAX_UNSENT_BYTES:
            target.send(self._waiting.popleft())

    def _pause_target(self) -> None:
        target = self._sides.get(Side.TARGET)
        if target is not None and not self._paused:
            self._paused = True
            target.pause()
            self._set_timer()

    # -- lifecycle

    def _close(self, action: Close) -> None:
        transport = self._sides.get(action.side)
        if transport is not None:
            transport.close(action.code, action.reason)

    def _forget(self, side: Side, code: int, reason: str) -> None:
        """Close a side's socket and listen to it no more."""
        transport = self._sides.pop(side, None)
        if transport is not None:
            transport.start(_ignore, _ignore)
            transport.close(code, reason)
            self._waiting.clear()
            self._paused = False

    def _closed(self, side: Side, code: int, reason: str) -> None:
        self._sides.pop(side, None)
        if side is Side.TARGET:
            self._waiting.clear()
        self.act(self._adapter.close(side, code, reason, self._clock()))
        self._finish_if_empty()

    def _finish_if_empty(self) -> None:
        if not self._sides:
            if self._timer is not None:
                self._timer.cancel()
            self._done.set()

    # -- time

    def _set_timer(self) -> None:
        """One timer for the adapter's next deadline. One that fires too early is left: the tick finds nothing due."""
        now_ms = self._clock()
        due_ms = self._adapter.due_ms(now_ms)
        if self._paused:
            due_ms = min(due_ms or float("inf"), now_ms + 20)
        if due_ms is None or self._done.is_set() or (self._timer is not None and self._timer_ms <= due_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ms = due_ms
        delay_s = max(0.0, due_ms - now_ms) / 1000
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._guard, Side.SOURCE, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._resume_if_drained()
        now_ms = self._clock()
        self.act(self._adapter.tick(now_ms))

    def _resume_if_drained(self) -> None:
        source, target = self._sides.get(Side.SOURCE), self._sides.get(Side.TARGET)
        if self._paused and target is not None and (source is None or source.unsent < MAX_UNSENT_BYTES // 2):
            self._paused = False
            target.resume()
