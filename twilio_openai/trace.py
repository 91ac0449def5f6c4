"""The trace of a call: every event with its arrival time and every action that followed, to live through it again.

A trace is JSON lines: a head (who, when, how the agent behaves), then one line for each event that reached the adapter
(`["message", "target", text, now_ms]`), each followed by the actions that it led to, and at the end the turns of the
call's record. Audio is left out unless it is asked for: only its length stays, which is all that the pure core looks
at. Replaying a trace feeds the same events to a new adapter; it must act in the same way, word for word. Pure: lines
go to a callable, and come from an iterable.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from typing import Any, cast

from .adapters import TwilioOpenAIAdapter
from .adapters.actions import CountWords
from .adapters.manner import Manner
from .protocols.websocket_adapter import Action, Side
from .transcript import WordCount

EVENTS = frozenset(
    {
        "open",
        "message",
        "close",
        "error",
        "tick",
        "from_source",
        "from_target",
        "tool_done",
        "end_asked",
        "transfer_failed",
        "words_counted",
        "end",
    }
)
"""The adapter's methods that change it: together they are everything that can happen to a call."""

Write = Callable[[str], None]

_AUDIO = re.compile(r'("(?:payload|delta|audio)": ?")([A-Za-z0-9+/]{64,})(=*)"')
_LENGTH = re.compile(r'("(?:payload|delta|audio)": ?")base64:(\d+):(=*)"')


def without_audio(text: str) -> str:
    """The message with `base64:LENGTH:PADDING` in place of its audio."""
    return _AUDIO.sub(lambda found: f'{found[1]}base64:{len(found[2])}:{found[3]}"', text)


def with_silence(text: str) -> str:
    """The message with as much base64 as its audio had, of no particular sound."""
    return _LENGTH.sub(lambda found: f'{found[1]}{"A" * int(found[2])}{found[3]}"', text)


def traced(adapter: TwilioOpenAIAdapter, head: dict[str, Any], write: Write, *, audio: bool) -> TwilioOpenAIAdapter:
    """The same adapter, every event and action of which is written."""
    write(json.dumps({"trace": 1, "audio": audio} | head))
    return cast(TwilioOpenAIAdapter, _Traced(adapter, write, (lambda text: text) if audio else without_audio))


class _Traced:
    """Stands before an adapter: its events are written on their way, all else is the adapter's own."""

    def __init__(self, adapter: TwilioOpenAIAdapter, write: Write, quiet: Callable[[str], str]) -> None:
        self._adapter, self._write, self._quiet = adapter, write, quiet

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._adapter, name)
        return self._event(name, attribute) if name in EVENTS else attribute

    def _event(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def written(*arguments: Any) -> Any:
            self._write(json.dumps([name, *(self._plain(argument) for argument in arguments)], ensure_ascii=False))
            outcome = method(*arguments)
            for line in told(outcome):
                self._write(json.dumps({"->": self._quiet(line)}, ensure_ascii=False))
            return outcome

        return written

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, bytes):
            return {"binary": len(value)}
        if isinstance(value, Exception):
            return {"error": repr(value)}
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        return self._quiet(value) if isinstance(value, str) else value


def told(outcome: Any) -> list[str]:
    """What an event led to, as text that can be compared."""
    if outcome is None or outcome == "":
        return []
    if isinstance(outcome, str):
        return [outcome]
    return [_action(action) if isinstance(action, Action) else str(action) for action in outcome]


def _action(action: Action) -> str:
    if isinstance(action, CountWords):
        return f"CountWords({action.item_id!r}, {len(action.audio)} bytes, {action.heard_ms} ms)"
    return repr(action)


@dataclass
class Replay:
    """A call lived through again. `differences`: actions that came out otherwise, none unless the code has changed."""

    head: dict[str, Any]
    adapter: TwilioOpenAIAdapter
    events: list[list[Any]]
    differences: list[str]
    recorded: list[dict[str, Any]] | None

    @property
    def turns(self) -> list[dict[str, Any]]:
        """The transcript, as it comes out now."""
        return [turn.record() for turn in self.adapter.conversation.transcript.turns()]


def replay(lines: Iterable[str]) -> Replay:
    """Live through a trace again.

    Raises:
        ValueError: the lines are no trace. A trace that breaks off (the server died) is replayed as far as it goes.
    """
    entries = list(_entries(lines))
    if not entries or not isinstance(entries[0], dict) or entries[0].get("trace") != 1:
        raise ValueError("not a trace of this program")
    head = entries[0]
    adapter = TwilioOpenAIAdapter(head["stream_sid"], Manner(**head["manner"]), head["began_ms"])
    result = Replay(head, adapter, [], [], None)
    expected: list[str] = []
    for entry in entries[1:]:
        if isinstance(entry, list):
            _compare(result, expected)
            result.events.append(entry)
            expected = [without_audio(line) for line in told(_feed(adapter, entry))]
        elif "->" in entry:
            _take(result, expected, without_audio(entry["->"]))
        elif "turns" in entry:
            result.recorded = entry["turns"]
    return result


def _entries(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return


def _compare(result: Replay, left: list[str]) -> None:
    result.differences += [f"now also: {line}" for line in left]


def _take(result: Replay, expected: list[str], recorded: str) -> None:
    now = expected.pop(0) if expected else "nothing"
    if now != recorded:
        result.differences.append(f"was {recorded}, is {now}")


def _feed(adapter: TwilioOpenAIAdapter, entry: list[Any]) -> Any:
    name, *arguments = entry
    values = [_restored(argument) for argument in arguments]
    if name in ("open", "message", "close", "error"):
        values[0] = Side(values[0])
    return getattr(adapter, name)(*values)


def _restored(value: Any) -> Any:
    if isinstance(value, str):
        return with_silence(value)
    if isinstance(value, dict) and "binary" in value:
        return bytes(value["binary"])
    if isinstance(value, dict) and "error" in value:
        return RuntimeError(value["error"])
    if isinstance(value, dict):
        return WordCount(**value | {"ends_ms": tuple(value["ends_ms"])})
    return value
