"""The log for a person's eyes: the conversation as it goes, call by call, and every ended call again as one block.

The rules:

1. Every line of a call carries its tag, the last four of the CallSid, in a colour of its own, so that twenty
   interleaved calls are read call by call. The full CallSid stands on a call's first line and at the head of its block.
2. Only words that the caller heard are shown. With `show_unheard` the others follow in ⟨…⟩, dim.
3. A turn is one line, and `log_reader` can read it back: the marks ⟨ ⟩ ✂ never come from anybody's words.
4. One record is one string, however many its lines: the log writes it in one piece.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from zlib import crc32

Record = Mapping[str, Any]
"""One log record, or one turn of a transcript, as contracts.md lists its fields."""

NOT_UNDERSTOOD: Final = "(not understood)"
NOT_LOGGED: Final = "(words not logged)"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_MARKS = str.maketrans({"⟨": "‹", "⟩": "›", "✂": "x"})
_INDENT = " " * 10  # as wide as the clock before a tag
_NO_TAG = " " * 5
_TAG_COLOURS = (39, 208, 76, 205, 220, 141, 45, 203, 112, 177, 214, 81)
_ROLE_STYLES = {"caller": "1;36", "agent": "1;32", "tool": "35", "coach": "33"}
_LEVEL_MARKS = {"warning": ("! ", "33"), "error": ("✗ ", "31"), "critical": ("✗ ", "1;31"), "debug": ("", "2")}
_SHOWN_ELSEWHERE = {"timestamp", "level", "event", "logger", "call_sid", "stream_sid", "exception", "stack"}
_LONGEST_VALUE = 160


class Ink(NamedTuple):
    """Colours a text with an ANSI style ("2" is dim), or leaves it as it is where nobody would see the colour."""

    colour: bool = False

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text and style else text


def minutes(ms: float) -> str:
    """Milliseconds as m:ss."""
    whole, seconds = divmod(int(ms) // 1000, 60)
    return f"{whole}:{seconds:02}"


def one_line(text: str) -> str:
    """`text` without line ends, control characters and our own marks: nobody's words can draw on the terminal."""
    return _CONTROL.sub(" ", text).translate(_MARKS).strip()


def speaker(role: str, ink: Ink) -> str:
    """The role, padded to one width, with the gap after it."""
    return ink(f"{role:<6}", _ROLE_STYLES.get(role, "")) + "  "


def said(turn: Record, ink: Ink, *, unheard: bool) -> str:
    """What one turn says: heard words, then ⟨the rest⟩ if wanted, then the cut. "" when there is nothing to show."""
    if turn.get("failed"):
        return ink(NOT_UNDERSTOOD, "2")
    words = one_line(turn.get("text") or "")
    rest = one_line(turn.get("unheard") or "") if unheard else ""
    if turn.get("words_logged") is False and not words:
        words = ink(NOT_LOGGED, "2")
    if not words and not rest:
        return ""
    parts = (words, ink(f"⟨{rest}⟩", "2") if rest else "", ink(_cut(turn), "33"))
    return " ".join(part for part in parts if part)


def block(call_sid: str, record: Record, ink: Ink, *, unheard: bool) -> Iterator[str]:
    """A whole call: a head with its length and end, then one line per turn, with its time since the call's start."""
    length = f"  {minutes(record['duration_ms'])}" if record.get("duration_ms") is not None else ""
    end = f"  ended by {_plain(record['ended_by'])}" if record.get("ended_by") else ""
    yield ink(f"┌ {one_line(call_sid)}{length}{end}", "1")
    for turn in record.get("turns") or ():
        words = said({"words_logged": record.get("words_logged"), **turn}, ink, unheard=unheard)
        if words:
            yield f"│ {_when(turn):>5}  {speaker(str(turn.get('role')), ink)}{words}"
    yield ink(f"└ {_pairs(record.get('stream') or {})}".rstrip(), "2")


class ConsoleRenderer:
    """The last processor of the console's log: a record -> the text to write, or "" where a person misses nothing."""

    def __init__(self, *, colour: bool = False, show_unheard: bool = False) -> None:
        self._ink = Ink(colour)
        self._unheard = show_unheard
        self._bodies = {
            "call.started": self._started,
            "transcript.turn": self._turn,
            "barge_in": self._barge_in,
            "tool.result": self._tool,
            "coach.insight": self._coach,
            "call.transcript": self._transcript,
        }

    def __call__(self, _logger: object, _method: str, record: Record) -> str:
        body = self._bodies.get(record["event"], self._other)(record)
        if not body:
            return ""
        clock = datetime.fromisoformat(record["timestamp"]).astimezone().strftime("%H:%M:%S")
        trace = "".join(f"\n{_INDENT}{self._ink(line, '31')}" for line in _foreign(record.get("exception", "")))
        return f"{self._ink(clock, '2')}  {self._tag(record)}  {body}{trace}"

    def _tag(self, record: Record) -> str:
        call_sid = record.get("call_sid")
        if not call_sid:
            return _NO_TAG
        colour = _TAG_COLOURS[crc32(str(call_sid).encode()) % len(_TAG_COLOURS)]
        return self._ink(f"…{one_line(str(call_sid))[-4:]:<4}", f"38;5;{colour}")

    def _started(self, record: Record) -> str:
        to = f" to {_plain(record['to'])}" if record.get("to") else ""
        call_sid = self._ink(_plain(record.get("call_sid")), "2")
        return f"{self._ink('●', '32')} call from {_plain(record.get('from', 'unknown'))}{to}  {call_sid}"

    def _turn(self, record: Record) -> str:
        words = said(record, self._ink, unheard=self._unheard)
        return speaker(str(record.get("role")), self._ink) + words if words else ""

    def _barge_in(self, record: Record) -> str:
        cuts = (f"heard {_of(item)}" for item in record.get("items") or ())
        return self._ink(f"✂ barge-in: {'; '.join(cuts)}", "2")

    def _tool(self, record: Record) -> str:
        took = f"  {record['duration_ms']:.0f} ms" if isinstance(record.get("duration_ms"), int | float) else ""
        call = f"{_plain(record.get('name'))}({_short(record.get('arguments'))}) → {_short(record.get('result'))}"
        return speaker("tool", self._ink) + self._ink(call + took, "2")

    def _coach(self, record: Record) -> str:
        words = one_line(str(record.get("text") or "")) or NOT_LOGGED
        return speaker("coach", self._ink) + words

    def _transcript(self, record: Record) -> str:
        head, *rest = block(str(record.get("call_sid")), record, self._ink, unheard=self._unheard)
        return "\n".join([head, *(f"{_INDENT}{self._tag(record)}  {line}" for line in rest)])

    def _other(self, record: Record) -> str:
        mark, style = _LEVEL_MARKS.get(record["level"], ("", ""))
        logger = record.get("logger", "")
        source = "" if logger.partition(".")[0] == "twilio_openai" else f"{logger}: "
        first, *more = _foreign(record["event"]) or [""]
        pairs = _pairs({key: value for key, value in record.items() if key not in _SHOWN_ELSEWHERE})
        line = self._ink(f"{mark}{source}{first}", style) + (f"  {self._ink(pairs, '2')}" if pairs else "")
        return "\n".join([line, *(_INDENT + text for text in more)])


def _foreign(value: object) -> list[str]:
    """The lines of a text that may quote anybody: nothing in it can pass for the tag of a call."""
    return [_CONTROL.sub(" ", line).replace("…", "...") for line in str(value).splitlines()]


def _plain(value: object) -> str:
    return one_line(str(value))


def _when(turn: Record) -> str:
    started_ms = turn.get("started_ms")
    return "-:--" if started_ms is None else minutes(started_ms)


def _of(item: Record) -> str:
    """How much was heard of how much; times in milliseconds in, seconds out."""
    return f"{item.get('heard_ms', 0) / 1000:.1f} s of {item.get('generated_ms', 0) / 1000:.1f} s"


def _cut(turn: Record) -> str:
    if not turn.get("interrupted"):
        return ""
    known = turn.get("heard_ms") is not None and turn.get("generated_ms") is not None
    return f"✂ cut after {_of(turn)}" if known else "✂ cut"


def _short(value: object) -> str:
    """A value as short as a person wants it: a mapping as `key=value, …`, the rest as JSON, cut at a line."""
    if isinstance(value, Mapping):
        text = ", ".join(f"{key}={_short(item)}" for key, item in value.items())
    elif isinstance(value, str):
        text = value if value and " " not in value else json.dumps(value, ensure_ascii=False)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    text = one_line(text).replace("…", "...")
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def _pairs(fields: Record) -> str:
    return "  ".join(f"{key}={_short(value)}" for key, value in fields.items() if value is not None)
