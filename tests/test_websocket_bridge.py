"""The bridge between two sockets in memory, and an adapter that says what the test wants."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from twilio_openai.protocols.websocket_adapter import Action, Actions, Close, Send, SendAudio, Side
from twilio_openai.protocols.websocket_bridge import MAX_UNSENT_BYTES, MAX_WAITING, WebSocketBridge

BOUND_S = 5.0


@dataclass
class Wire:
    """One end of a socket: what was sent, and what the other end does."""

    name: str = ""
    story: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    unsent: int = 0
    paused: bool = False
    closed: tuple[int, str] | None = None
    waiting: list[str | bytes] = field(default_factory=list)
    reads: bool = True
    on_message: Callable[[str | bytes], None] = lambda text: None
    on_close: Callable[[int, str], None] = lambda code, reason: None

    def start(self, on_message: Callable[[str | bytes], None], on_close: Callable[[int, str], None]) -> None:
        self.on_message, self.on_close = on_message, on_close
        while self.waiting:
            on_message(self.waiting.pop(0))

    def send(self, text: str) -> None:
        if self.closed is None:
            self.sent.append(text)
            self.unsent += 0 if self.reads else len(text)

    def close(self, code: int, reason: str) -> None:
        """The close is answered in a later turn of the loop, as a socket's is."""
        if self.closed is None:
            self.story.append(f"close {self.name} {code} {reason}")
            self.closed = code, reason
            asyncio.get_running_loop().call_soon(lambda: self.on_close(code, reason))

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def drain(self) -> None:
        """The other end reads everything."""
        self.unsent, self.reads = 0, True

    def fails(self) -> None:
        """The connection is gone."""
        self.closed = 1006, ""
        self.on_close(1006, "")


@dataclass
class Own(Action):
    """An action of the adapter's own."""

    what: str


class Adapter:
    """Translates `hot:x` to `x` for the other side; `message` answers with what the test put into `answers`."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Side, str]] = []
        self.answers: dict[str, Actions] = {}
        self.due: float | None = None
        self.ticks: list[float] = []
        self.on_tick: Actions = []
        self.breaks_at = ""

    def open(self, side: Side, now_ms: float) -> Actions:
        return self._note("open", side, "")

    def message(self, side: Side, text: str | bytes, now_ms: float) -> Actions:
        return self._note("message", side, text if isinstance(text, str) else repr(text))

    def close(self, side: Side, code: int, reason: str, now_ms: float) -> Actions:
        return [*self._note("close", side, str(code)), Close(side.other, 1001, f"{side.value} is gone")]

    def error(self, side: Side, error: Exception, now_ms: float) -> Actions:
        self.heard.append(("error", side, repr(error)))
        return [Close(Side.TARGET, 1011, "error"), Close(Side.SOURCE, 1011, "error")]

    def tick(self, now_ms: float) -> Actions:
        self.ticks.append(now_ms)
        self.due = None
        return self._note("tick", Side.SOURCE, "") or self.on_tick

    def due_ms(self, now_ms: float) -> float | None:
        return self.due

    def from_source(self, text: str, now_ms: float) -> str | None:
        return text[4:] if text.startswith("hot:") else None

    def from_target(self, text: str, now_ms: float) -> Sequence[str] | None:
        return [text[4:], "mark"] if text.startswith("hot:") else None

    def _note(self, what: str, side: Side, text: str) -> Actions:
        if self.breaks_at == what:
            raise KeyError(what)
        self.heard.append((what, side, text))
        return self.answers.get(text, [])


class Stage:
    """A bridge with both sockets attached."""

    def __init__(self, *, target: bool = True) -> None:
        self.story: list[str] = []
        self.performed: list[Action] = []
        self.adapter = Adapter()
        self.source, self.target = Wire("source", self.story), Wire("target", self.story)
        self.loop = asyncio.get_running_loop()
        self.bridge = WebSocketBridge(self.adapter, self.performed.append, lambda: self.loop.time() * 1000)
        self.bridge.attach(Side.SOURCE, self.source)
        if target:
            self.bridge.attach(Side.TARGET, self.target)

    async def ends(self) -> None:
        await asyncio.wait_for(self.bridge.run(), BOUND_S)

    async def until(self, what: Callable[[], bool], bound_s: float = BOUND_S) -> None:
        end = self.loop.time() + bound_s
        while not what():
            assert self.loop.time() < end
            await asyncio.sleep(0.005)


async def test_a_side_is_announced_before_its_first_message() -> None:
    stage = Stage(target=False)
    stage.target.waiting += ["first", "second"]
    stage.bridge.attach(Side.TARGET, stage.target)
    heard = [(what, text) for what, side, text in stage.adapter.heard if side is Side.TARGET]
    assert heard == [("open", ""), ("message", "first"), ("message", "second")]


async def test_hot_messages_go_straight_through() -> None:
    stage = Stage()
    stage.source.on_message("hot:frame")
    stage.target.on_message("hot:delta")
    assert stage.target.sent == ["frame"]
    assert stage.source.sent == ["delta", "mark"]
    assert ("message", Side.SOURCE, "hot:frame") not in stage.adapter.heard


async def test_a_hot_message_may_be_dropped() -> None:
    stage = Stage()
    stage.source.on_message("hot:")
    assert stage.target.sent == []


async def test_binary_messages_are_the_adapters_business() -> None:
    stage = Stage()
    stage.source.on_message(b"hot:frame")
    stage.target.on_message(b"hot:delta")
    assert stage.adapter.heard[-2:] == [
        ("message", Side.SOURCE, "b'hot:frame'"),
        ("message", Side.TARGET, "b'hot:delta'"),
    ]


async def test_actions_are_carried_out_in_their_order() -> None:
    stage = Stage()
    own = Own("something")
    stage.adapter.answers["speech"] = [
        Send(Side.SOURCE, "clear"),
        Send(Side.TARGET, "truncate"),
        own,
        SendAudio("audio"),
    ]
    stage.target.on_message("speech")
    assert stage.source.sent == ["clear"]
    assert stage.target.sent == ["truncate", "audio"]
    assert stage.performed == [own]


async def test_actions_from_outside_are_carried_out_too() -> None:
    stage = Stage()
    stage.bridge.act([Send(Side.TARGET, "tool output")])
    assert stage.target.sent == ["tool output"]


async def test_what_is_said_to_a_side_that_is_not_there_is_ignored() -> None:
    stage = Stage(target=False)
    stage.source.on_message("hot:frame")
    stage.bridge.act([Send(Side.TARGET, "x"), SendAudio("y"), Close(Side.TARGET, 1000, "")])
    assert stage.target.sent == []


@pytest.mark.parametrize("side", list(Side))
async def test_a_side_that_closes_ends_the_other(side: Side) -> None:
    stage = Stage()
    gone, other = (stage.source, stage.target) if side is Side.SOURCE else (stage.target, stage.source)
    gone.on_close(1000, "bye")
    await stage.ends()
    assert other.closed == (1001, f"{side.value} is gone")
    assert ("close", side, "1000") in stage.adapter.heard


@pytest.mark.parametrize("side", list(Side))
async def test_a_side_that_fails_ends_the_other(side: Side) -> None:
    stage = Stage()
    gone, other = (stage.source, stage.target) if side is Side.SOURCE else (stage.target, stage.source)
    gone.fails()
    await stage.ends()
    assert other.closed == (1001, f"{side.value} is gone")
    assert ("close", side, "1006") in stage.adapter.heard


async def test_a_stop_closes_the_models_socket_first() -> None:
    stage = Stage()
    stage.adapter.answers["stop"] = [Close(Side.TARGET, 1000, "over"), Close(Side.SOURCE, 1000, "caller")]
    stage.source.on_message("stop")
    await stage.ends()
    assert stage.story == ["close target 1000 over", "close source 1000 caller"]


async def test_the_bridge_runs_until_both_sides_are_closed() -> None:
    stage = Stage()
    running = asyncio.create_task(stage.bridge.run())
    stage.adapter.answers["close target"] = [Close(Side.TARGET, 1000, "")]
    stage.source.on_message("close target")
    await asyncio.sleep(0.02)
    # the close of the target is answered with one of the source
    await asyncio.wait_for(running, BOUND_S)
    assert stage.source.closed == (1001, "target is gone")


async def test_a_call_without_a_model_ends_with_the_caller() -> None:
    stage = Stage(target=False)
    stage.source.on_close(1000, "")
    await stage.ends()


@pytest.mark.parametrize("at", ["message", "close"])
async def test_an_error_of_ours_ends_the_call_in_the_adapters_way(at: str) -> None:
    stage = Stage()
    stage.adapter.breaks_at = at
    if at == "message":
        stage.source.on_message("x")
    else:
        stage.source.fails()
    assert stage.adapter.heard[-1][:2] == ("error", Side.SOURCE)
    assert stage.target.closed == (1011, "error")


async def test_an_error_in_a_tick_ends_the_call_too() -> None:
    stage = Stage()
    stage.loop.set_exception_handler(lambda loop, context: None)
    stage.adapter.breaks_at = "tick"
    stage.adapter.due = 0.0
    stage.bridge.act([])
    await stage.until(lambda: stage.target.closed is not None, 0.5)


# -- a side that does not read


async def test_audio_for_a_target_that_does_not_read_is_bounded_and_the_oldest_goes_first() -> None:
    stage = Stage()
    stage.target.reads = False
    frame = "x" * 300
    count = 0
    while stage.target.unsent <= MAX_UNSENT_BYTES:
        stage.source.on_message(f"hot:{count:05d}{frame}")
        count += 1
    for number in range(count, count + MAX_WAITING + 10):
        stage.source.on_message(f"hot:{number:05d}{frame}")
    assert stage.bridge.dropped == 10
    assert stage.target.unsent < MAX_UNSENT_BYTES + 1000

    stage.target.drain()
    stage.source.on_message("hot:last")

    order = [text[:5] for text in stage.target.sent]
    assert order == [*sorted(order[:-1]), "last"]
    assert int(order[count]) == count + 11  # `last` pushed one more out
    assert len(order) == count + MAX_WAITING


async def test_control_messages_are_never_dropped() -> None:
    stage = Stage()
    stage.target.reads = False
    for _ in range(4000):
        stage.source.on_message("hot:" + "x" * 300)
    stage.bridge.act([Send(Side.TARGET, f"control {number}") for number in range(100)])
    assert [text for text in stage.target.sent if text.startswith("control")] == [f"control {n}" for n in range(100)]


async def test_audio_that_waits_goes_out_before_newer_audio() -> None:
    stage = Stage()
    stage.target.unsent = MAX_UNSENT_BYTES + 1
    stage.source.on_message("hot:one")
    stage.source.on_message("hot:two")
    assert stage.target.sent == []
    stage.target.drain()
    stage.source.on_message("hot:three")
    assert stage.target.sent == ["one", "two", "three"]


async def test_audio_that_waits_is_not_for_another_target() -> None:
    stage = Stage()
    stage.target.unsent = MAX_UNSENT_BYTES + 1
    stage.source.on_message("hot:old")
    again = Wire("again", stage.story)
    stage.bridge.attach(Side.TARGET, again)
    stage.source.on_message("hot:new")
    assert again.sent == ["new"]
    assert stage.target.closed is not None


async def test_a_replaced_target_has_nothing_more_to_say() -> None:
    stage = Stage()
    stage.bridge.attach(Side.TARGET, Wire("again", stage.story))
    await asyncio.sleep(0.01)
    stage.target.on_message("late")
    assert ("message", Side.TARGET, "late") not in stage.adapter.heard
    assert not [what for what, side, _ in stage.adapter.heard if what == "close"]


async def test_a_source_that_does_not_read_pauses_the_target_until_it_has_caught_up() -> None:
    stage = Stage()
    stage.adapter.due = stage.loop.time() * 1000 + 20
    stage.bridge.act([])
    stage.source.reads = False
    while not stage.target.paused:
        stage.target.on_message("hot:" + "x" * 4000)
        assert stage.source.unsent < MAX_UNSENT_BYTES + 10_000
    await asyncio.sleep(0.1)
    assert stage.target.paused
    stage.source.drain()
    await stage.until(lambda: not stage.target.paused)


async def test_a_paused_target_is_resumed_even_if_nothing_else_is_due() -> None:
    stage = Stage()
    stage.source.reads = False
    while not stage.target.paused:
        stage.target.on_message("hot:" + "x" * 4000)
    stage.source.drain()
    await stage.until(lambda: not stage.target.paused, 0.5)


async def test_a_source_that_does_not_read_is_bounded_on_the_long_way_too() -> None:
    stage = Stage()
    stage.source.reads = False
    stage.adapter.answers["long"] = [Send(Side.SOURCE, "x" * 10_000)]
    for _ in range(40):
        stage.target.on_message("long")
    assert stage.target.paused


async def test_a_source_that_goes_away_lets_a_paused_target_end() -> None:
    stage = Stage()
    stage.source.reads = False
    while not stage.target.paused:
        stage.target.on_message("hot:" + "x" * 4000)
    stage.source.fails()
    await stage.ends()


# -- time


async def test_a_tick_comes_when_it_is_due() -> None:
    stage = Stage()
    due = stage.loop.time() * 1000 + 30
    stage.adapter.due = due
    stage.adapter.on_tick = [Send(Side.TARGET, "ticked")]
    stage.bridge.act([])
    await stage.until(lambda: bool(stage.adapter.ticks))
    assert stage.adapter.ticks[0] >= due - 1
    assert stage.target.sent == ["ticked"]


async def test_an_earlier_deadline_takes_the_timer_over() -> None:
    stage = Stage()
    now = stage.loop.time() * 1000
    stage.adapter.due = now + 60_000
    stage.bridge.act([])
    stage.adapter.due = now + 20
    stage.bridge.act([])
    await stage.until(lambda: bool(stage.adapter.ticks))


async def test_a_deadline_of_the_past_is_met_at_once() -> None:
    stage = Stage()
    stage.adapter.due = 1.0
    stage.bridge.act([])
    await stage.until(lambda: bool(stage.adapter.ticks), 1)


async def test_after_the_end_nothing_ticks() -> None:
    stage = Stage()
    stage.adapter.due = stage.loop.time() * 1000 + 30
    stage.bridge.act([])
    stage.source.fails()
    await stage.ends()
    await asyncio.sleep(0.06)
    assert stage.adapter.ticks == []
