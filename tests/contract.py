"""What the contract says of every record of the log."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

Record = dict[str, Any]

LEVELS = {"debug", "info", "warning", "error", "critical"}
ENDED_BY = {"caller", "agent", "transferred", "model_away", "time_limit", "budget", "shutdown", "error"}
OF_A_CALL = {"call.started", "transcript.turn", "barge_in", "tool.result", "call.transcript", "websocket.opened"}
FIELDS: dict[str, dict[str, type]] = {
    "call.started": {"from": str, "to": str},
    "barge_in": {"items": list},
    "tool.result": {"name": str, "result": str, "duration_ms": float},
    "call.transcript": {"turns": list, "duration_ms": int, "ended_by": str, "stream": dict},
    "signature.refused": {"reason": str, "url": str, "hint": str},
    "websocket.opened": {"side": str},
    "websocket.closed": {"side": str, "code": int, "reason": str},
}
STREAM = {"frames_in", "bytes_in", "frames_out", "bytes_out", "gaps", "longest_silence_ms", "mark_round_trip_ms"}
STREAM |= {"malformed", "dropped"}
BOTH: dict[str, type] = {"role": str, "item_id": str, "text": str, "started_ms": int}
AGENT: dict[str, type] = {"unheard": str, "interrupted": bool, "heard_ms": int, "generated_ms": int}

SECRET = re.compile(
    r"\d{13}\.[0-9a-f]{64}"  # a stream's token
    r"|[A-Za-z0-9+/]{27}="  # a signature
    r"|[A-Za-z0-9+/=]{100,}"  # audio
    r"|\+\d{7,15}"  # a phone number
)


def check(record: Record, *secrets: str) -> None:
    """One record, of any event."""
    assert datetime.fromisoformat(record["timestamp"]).utcoffset() == timedelta(0)
    assert record["level"] in LEVELS
    assert record["event"]
    if record["event"] in OF_A_CALL:
        assert re.fullmatch("CA[0-9a-f]{32}", record["call_sid"]), record
        assert re.fullmatch("MZ[0-9a-f]{32}", record["stream_sid"]), record
    _has(record, FIELDS.get(record["event"], {}))
    match record["event"]:
        case "transcript.turn":
            check_turn(record)
        case "barge_in":
            assert all({"item_id", "heard_ms", "generated_ms"} <= item.keys() for item in record["items"]), record
        case "call.transcript":
            _transcript(record)
    text = json.dumps(record)
    assert not any(secret in text for secret in secrets), record
    assert not SECRET.search(text), record


def check_turn(turn: Record) -> None:
    """One turn, in a record of its own or in a call's."""
    _has(turn, BOTH)
    if turn["role"] == "caller":
        assert turn.get("failed") in (None, True)
        assert not (turn.get("failed") and turn["text"])
        return
    assert turn["role"] == "agent"
    _has(turn, AGENT)
    assert turn["interrupted"] or not turn["unheard"], turn
    assert 0 <= turn["heard_ms"] <= turn["generated_ms"] + 1, turn


def _transcript(record: Record) -> None:
    assert record["ended_by"] in ENDED_BY
    assert record["stream"].keys() >= STREAM
    for turn in record["turns"]:
        check_turn(turn)


def _has(record: Record, wanted: dict[str, type]) -> None:
    for name, kind in wanted.items():
        assert isinstance(record.get(name), kind), (name, record)
