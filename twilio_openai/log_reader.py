"""The transcript of a call out of a log, in either format: what `transcript --from-log` shows.

The rules:

1. Of json the `call.transcript` record is the call; without it (a live call, a killed server) its `transcript.turn`s.
2. Of the console a call's block is the call; without a whole one, its lines. A line's tag is resolved by the call's
   first line or its block, which name the CallSid; until then the tag itself stands for it.
3. A line may carry whatever a collector put before it (`server-1  | `, a journal's date and host), or be wrapped by it
   in JSON (docker's `log`, the journal's `MESSAGE`). A line that is none of ours, or a torn one, is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from twilio_openai.console import NOT_LOGGED, NOT_UNDERSTOOD, Ink, block

Turn = dict[str, Any]
"""A turn as contracts.md lists its fields; from a console only those that a line shows, times as rounded there."""

_WRAPPERS: Final = ("log", "MESSAGE")
_INDENTED = " " * 8  # what a console writes before a quoted line; no collector does
_JSON = json.JSONDecoder()
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CONSOLE = re.compile(r"(?P<clock>\d\d:\d\d:\d\d  )?(?P<tag>…\S{1,4}) {2,}(?P<body>.*)")
_STARTED = re.compile(r"● call from (?P<from>.+?)(?: to (?P<to>.+))?  (?P<call_sid>\S+)$")
_HEAD = re.compile(r"┌ (?P<call_sid>\S+)(?:  (?P<length>\d+:\d\d))?(?:  ended by (?P<ended_by>\S+))?$")
_TURN = re.compile(r"(?:│ +(?P<when>[\d-]+:[\d-]{2})  )?(?P<role>agent|caller) +(?P<said>.*)$")
_SAID = re.compile(
    r"(?P<text>[^⟨⟩✂]*?) ?(?:⟨(?P<unheard>[^⟨⟩]*)⟩)? ?"
    r"(?P<cut>✂ cut(?: after (?P<heard>[\d.]+) s of (?P<generated>[\d.]+) s)?)?"
)


@dataclass
class CallLog:
    """One call as far as a log, or a store, tells it."""

    call_sid: str
    from_: str | None = None
    """Masked; None where the log begins after the call."""
    to: str | None = None
    turns: list[Turn] = field(default_factory=list)
    duration_ms: int | None = None
    ended_by: str | None = None
    complete: bool = False
    """The call has ended and `turns` are all of it, in the order of the conversation."""


def read_calls(lines: Iterable[str]) -> dict[str, CallLog]:
    """Every call of a log, json and console lines mixed if need be, by CallSid in the order of their appearance."""
    reader = _Reader()
    for line in lines:
        reader.read(line)
    return reader.calls()


def find(calls: Mapping[str, CallLog], call_sid: str) -> CallLog | None:
    """The call of this CallSid, or the only one that a tag or the end of a CallSid can mean."""
    if call_sid in calls:
        return calls[call_sid]
    ends = call_sid.removeprefix("…")
    matches = [call for sid, call in calls.items() if sid.endswith(ends) or sid == f"…{call_sid[-4:]}"]
    return matches[0] if ends and len(matches) == 1 else None


def render(call: CallLog, unheard: bool = False) -> str:
    """The transcript for reading: heard words only, or with `unheard` the others in ⟨…⟩. No line end at its end."""
    record = {"turns": call.turns, "duration_ms": call.duration_ms, "ended_by": call.ended_by}
    head, *turns, _foot = block(call.call_sid, record, Ink(), unheard=unheard)
    title = head.removeprefix("┌ ") + ("" if call.complete else "  not ended in this log")
    return "\n".join([title, *(line.removeprefix("│ ") for line in turns)])


def to_json(call: CallLog, unheard: bool = False) -> str:
    """The transcript for programs, one JSON object; a turn keeps its `unheard` words only if they are asked for."""
    turns = [turn if unheard else {key: turn[key] for key in turn if key != "unheard"} for turn in call.turns]
    fields = {"call_sid": call.call_sid, "from": call.from_, "to": call.to, "turns": turns}
    end = {"duration_ms": call.duration_ms, "ended_by": call.ended_by, "complete": call.complete}
    return json.dumps(fields | end, ensure_ascii=False)


class _Reader:
    """What has been read so far: the calls by CallSid or tag, which CallSid a tag means now, the blocks begun."""

    def __init__(self) -> None:
        self._calls: dict[str, CallLog] = {}
        self._sids: dict[str, str] = {}
        self._blocks: dict[str, CallLog] = {}

    def calls(self) -> dict[str, CallLog]:
        for call in self._calls.values():
            if not call.complete and all("started_ms" in turn for turn in call.turns):
                call.turns.sort(key=lambda turn: float(turn["started_ms"]))
        return self._calls

    def read(self, line: str) -> None:
        """One line. What only contains JSON, somewhere in an agent's words for instance, is not taken for a record."""
        if not line.lstrip().startswith("{") and self._read_console(_ANSI.sub("", line).rstrip()):
            return
        record = _json_of(line)
        wrapped = next((record[key] for key in _WRAPPERS if isinstance(record.get(key), str)), None)
        if "event" in record or wrapped is None:
            self._read_record(record)
        else:
            self.read(wrapped)

    def _read_console(self, line: str) -> bool:
        """Whether it is a line of the console's log."""
        found = _CONSOLE.search(line)  # the first tag is the line's own; what follows it may quote anything
        if found is None:
            return False
        read = self._read_live if found["clock"] else self._read_block
        read(found["tag"], found["body"])
        return True

    def _read_record(self, record: Mapping[str, Any]) -> None:
        call_sid = record.get("call_sid")
        if not isinstance(call_sid, str):
            return
        match record.get("event"):
            case "call.started":
                self._start(call_sid, record.get("from"), record.get("to"))
            case "transcript.turn":
                self._add(self._call(call_sid), _turn_of(record))
            case "call.transcript":
                listed = record.get("turns")
                turns = (
                    [_turn_of(turn) for turn in listed if isinstance(turn, dict)] if isinstance(listed, list) else []
                )
                self._finish(
                    CallLog(call_sid, None, None, turns, _number(record, "duration_ms"), record.get("ended_by"))
                )

    def _read_live(self, tag: str, body: str) -> None:
        if started := _STARTED.match(body):
            self._name(tag, started["call_sid"])
            self._start(started["call_sid"], started["from"], started["to"])
        elif head := _HEAD.match(body):
            self._name(tag, head["call_sid"])
            self._blocks[tag] = CallLog(head["call_sid"], duration_ms=_ms(head["length"]), ended_by=head["ended_by"])
        elif turn := _parse_turn(body):
            self._add(self._call(self._sids.get(tag, tag)), turn)

    def _read_block(self, tag: str, body: str) -> None:
        if tag not in self._blocks:
            return
        if body.startswith("└"):
            self._finish(self._blocks.pop(tag))
        elif turn := _parse_turn(body):
            self._blocks[tag].turns.append(turn)

    def _call(self, call_sid: str) -> CallLog:
        return self._calls.setdefault(call_sid, CallLog(call_sid))

    def _name(self, tag: str, call_sid: str) -> None:
        """From here on `tag` means `call_sid`; lines that came before their call's name join it."""
        if tag in self._calls and call_sid not in self._calls:
            call = self._calls.pop(tag)
            call.call_sid = call_sid
            self._calls[call_sid] = call
        self._sids[tag] = call_sid

    def _start(self, call_sid: str, from_: Any, to: Any) -> None:
        """A stream has started: a new call, or one that goes on after its connection was lost."""
        call = self._call(call_sid)
        if call.complete:
            call = self._calls[call_sid] = CallLog(call_sid)
        call.from_, call.to = from_ or call.from_, to or call.to

    def _add(self, call: CallLog, turn: Turn) -> None:
        """One more turn, or a later word on one that is known."""
        item_id = turn.get("item_id")
        for place, known in enumerate(call.turns):
            if item_id is not None and known.get("item_id") == item_id:
                call.turns[place] = turn
                return
        call.turns.append(turn)

    def _finish(self, whole: CallLog) -> None:
        """The whole call, in place of what its single lines have told; who called stands on the first line only."""
        call = self._call(whole.call_sid)
        whole.from_, whole.to, whole.complete = call.from_, call.to, True
        self._calls[whole.call_sid] = whole


def _json_of(line: str) -> dict[str, Any]:
    """The JSON object in a line, whatever stands before or after it; {} if there is none or it is torn."""
    start = line.find("{")
    if start < 0 or _INDENTED in line[:start]:
        return {}
    try:
        found, _end = _JSON.raw_decode(line, start)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(record: Mapping[str, Any], key: str) -> int | None:
    value = record.get(key)
    return round(value) if isinstance(value, int | float) else None


def _turn_of(record: Mapping[str, Any]) -> Turn:
    """A turn out of a record: its own fields, not those of the log line, and no time that is no number."""
    line = {"timestamp", "level", "event", "logger", "call_sid", "stream_sid"}
    turn = {
        key: record[key]
        for key in record
        if key not in line and (key[-3:] != "_ms" or _number(record, key) is not None)
    }
    return {**turn, "role": str(turn.get("role", "")), "text": str(turn.get("text") or "")}


def _parse_turn(body: str) -> Turn | None:
    """A turn out of a console line. `(text + " " + unheard)` is as it was said but for line ends and our own marks."""
    line = _TURN.match(body)
    said = _SAID.fullmatch(line["said"]) if line else None
    if line is None or said is None:
        return None
    turn: Turn = {"role": line["role"], "text": said["text"]}
    if (started_ms := _ms(line["when"])) is not None:
        turn["started_ms"] = started_ms
    if said["text"] in (NOT_UNDERSTOOD, NOT_LOGGED):
        mark = {"failed": True} if said["text"] == NOT_UNDERSTOOD else {"words_logged": False}
        turn |= {"text": "", **mark}
    if line["role"] == "agent":
        turn |= {"unheard": said["unheard"] or "", "interrupted": said["cut"] is not None}
        turn |= {f"{name}_ms": round(float(said[name]) * 1000) for name in ("heard", "generated") if said[name]}
    return turn


def _ms(clock: str | None) -> int | None:
    """m:ss as milliseconds; None for none or for `-:--`."""
    if clock is None or "-" in clock:
        return None
    whole, seconds = clock.split(":")
    return (int(whole) * 60 + int(seconds)) * 1000
