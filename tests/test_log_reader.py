"""A call's transcript out of a log: either format, whole or torn, alone or among twenty others."""

from __future__ import annotations

import io
import json
import logging
import random
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from twilio_openai import logs
from twilio_openai.log_reader import CallLog, find, read_calls, render, to_json

ONE = "CA0123456789abcdef0123456789ab4f2a"
TWO = "CAfedcba9876543210fedcba9876549c01"

GREETING: dict[str, Any] = {
    "role": "agent",
    "item_id": "item_1",
    "text": "Hello, what would you like?",
    "unheard": "",
    "interrupted": False,
    "heard_ms": 2100,
    "generated_ms": 2100,
    "started_ms": 240,
}
CUT: dict[str, Any] = {
    "role": "agent",
    "item_id": "item_3",
    "text": "That will be $9.05. Cash or credit?",
    "unheard": "We also have a store discount.",
    "interrupted": True,
    "heard_ms": 3200,
    "generated_ms": 6100,
    "started_ms": 67_900,
}
NEVER_HEARD: dict[str, Any] = {
    **CUT,
    "item_id": "item_4",
    "text": "",
    "unheard": "You can apply it now.",
    "heard_ms": 0,
}
FAILED: dict[str, Any] = {"role": "caller", "item_id": "item_5", "text": "", "failed": True, "started_ms": 71_000}
SORRY: dict[str, Any] = {"role": "caller", "item_id": "item_6", "text": "Sorry for interrupting.", "started_ms": 75_500}

TURNS = [GREETING, CUT, NEVER_HEARD, FAILED, SORRY]
HEARD = ["Hello, what would you like?", "That will be $9.05. Cash or credit?", "", "Sorry for interrupting."]

log = logs.get_logger("twilio_openai.tests")
Format = Literal["json", "console"]


@pytest.fixture(params=["json", "console"])
def log_format(request: pytest.FixtureRequest) -> Iterator[Format]:
    yield request.param
    logs.configure("info", "json", stream=io.StringIO())


def start(log_format: Format, **options: Any) -> io.StringIO:
    stream = io.StringIO()
    logs.configure("info", log_format, stream=stream, **options)
    return stream


def call(call_sid: str, turns: list[dict[str, Any]], *, ended: bool = True) -> None:
    ids = {"call_sid": call_sid, "stream_sid": "MZ1"}
    log.info("call.started", **ids, from_="+15550001111", to="+18005551212")
    for turn in turns:
        log.info("transcript.turn", **ids, **turn)
    if ended:
        log.info("call.transcript", **ids, turns=turns, duration_ms=78_400, ended_by="caller", stream={"frames_in": 1})


def heard(found: CallLog) -> list[str]:
    return [turn["text"] for turn in found.turns if turn["text"] or turn.get("failed")]


def test_a_whole_call(log_format: Format) -> None:
    stream = start(log_format)
    call(ONE, TURNS)

    calls = read_calls(stream.getvalue().splitlines())

    assert list(calls) == [ONE]
    found = calls[ONE]
    assert heard(found) == HEARD
    assert (found.from_, found.to, found.ended_by, found.complete) == ("+1********11", "+1********12", "caller", True)
    assert found.duration_ms is not None
    assert found.duration_ms // 1000 == 78
    assert render(found).splitlines() == [
        f"{ONE}  1:18  ended by caller",
        " 0:00  agent   Hello, what would you like?",
        " 1:07  agent   That will be $9.05. Cash or credit? ✂ cut after 3.2 s of 6.1 s",
        " 1:11  caller  (not understood)",
        " 1:15  caller  Sorry for interrupting.",
    ]


def test_unheard_words_on_request(log_format: Format) -> None:
    stream = start(log_format, show_unheard=True)
    call(ONE, TURNS)
    found = read_calls(stream.getvalue().splitlines())[ONE]

    assert "discount" not in render(found) + to_json(found)
    assert "credit? ⟨We also have a store discount.⟩ ✂" in render(found, unheard=True)
    turns = json.loads(to_json(found, unheard=True))["turns"]
    assert [turn["unheard"] for turn in turns if turn["role"] == "agent"] == [
        "",
        "We also have a store discount.",
        "You can apply it now.",
    ]


def test_a_live_or_killed_call_is_its_turns_so_far(log_format: Format) -> None:
    stream = start(log_format)
    call(ONE, [GREETING, CUT], ended=False)

    found = read_calls(stream.getvalue().splitlines())[ONE]

    assert heard(found) == HEARD[:2]
    assert not found.complete
    assert render(found).splitlines()[0] == f"{ONE}  not ended in this log"


@pytest.mark.parametrize(
    "prefix",
    [
        "server-1  | ",
        "\x1b[36mserver-1  |\x1b[0m ",
        "Nov 20 10:21:04 host twilio-openai[812]: ",
        "2026-11-20T10:21:04Z stdout F ",
    ],
)
def test_behind_a_collectors_prefix(log_format: Format, prefix: str) -> None:
    stream = start(log_format)
    call(ONE, TURNS)

    found = read_calls(f"{prefix}{line}\n" for line in stream.getvalue().splitlines())[ONE]

    assert heard(found) == HEARD
    assert found.complete


@pytest.mark.parametrize("key", ["log", "MESSAGE"])
def test_wrapped_by_a_collector_in_json(log_format: Format, key: str) -> None:
    stream = start(log_format)
    call(ONE, TURNS)
    wrapped = [json.dumps({key: f"{line}\n", "stream": "stdout"}) for line in stream.getvalue().splitlines()]

    assert heard(read_calls(wrapped)[ONE]) == HEARD


def test_torn_and_foreign_lines_are_passed_over(log_format: Format) -> None:
    stream = start(log_format)
    call(ONE, [GREETING, CUT, SORRY])
    lines = stream.getvalue().splitlines()
    # a json log loses its last record, a console log the foot of its block: the single lines still tell the call
    torn = [*lines[:-1], lines[-1][: len(lines[-1]) // 2]] if log_format == "json" else lines[:-1]
    noise = ["", "{", "}", "[1]", '"x"', "null", '{"event": 5}', '{"call_sid": "CAx"}', '{"event": "call.transcript"}']
    noise += [
        '{"event": "call.transcript", "call_sid": "CAy", "turns": 3, "duration_ms": "x"}',
        "10:21:04  …",
        "…4f2a  │",
    ]
    noise += ["[" * 5000, "{" * 5000, "\x00\xff", "10:21:04  …4f2a  ┌", "INFO:     Started server process [1]"]

    calls = read_calls(line for pair in zip(noise * 2, torn + [""] * 40, strict=False) for line in pair)

    assert heard(calls[ONE]) == [GREETING["text"], CUT["text"], SORRY["text"]]
    assert not calls[ONE].complete


def test_twenty_interleaved_calls(log_format: Format) -> None:
    stream = start(log_format)
    numbers = range(20)
    sids = [f"CA{number:032x}" for number in numbers]
    pending = {sid: [f"word{number}x{k}" for k in range(8)] for number, sid in enumerate(sids)}
    for sid in sids:
        log.info("call.started", call_sid=sid, from_="anonymous")
    dice = random.Random(7)
    said: dict[str, list[dict[str, Any]]] = {sid: [] for sid in sids}
    while any(pending.values()):
        sid = dice.choice([sid for sid in sids if pending[sid]])
        turn = {
            "role": dice.choice(["agent", "caller"]),
            "text": pending[sid].pop(0),
            "started_ms": 1000 * len(said[sid]),
        }
        said[sid].append(turn)
        log.info("transcript.turn", call_sid=sid, **turn)
    for sid in sids[::2]:
        log.info("call.transcript", call_sid=sid, turns=said[sid], duration_ms=1, ended_by="caller")

    calls = read_calls(stream.getvalue().splitlines())

    for number, sid in enumerate(sids):
        assert heard(calls[sid]) == [f"word{number}x{k}" for k in range(8)]
        assert calls[sid].complete == (number % 2 == 0)


def test_late_turns_find_their_place_and_repeated_ones_replace() -> None:
    stream = start("json")
    late = {**SORRY, "started_ms": 100}
    call(ONE, [GREETING, {**CUT, "text": "That"}, late, CUT], ended=False)

    found = read_calls(stream.getvalue().splitlines())[ONE]

    assert [turn["item_id"] for turn in found.turns] == ["item_6", "item_1", "item_3"]
    assert found.turns[2]["text"] == CUT["text"]


def test_the_record_of_the_end_is_taken_as_it_is() -> None:
    stream = start("json")
    call(ONE, TURNS)

    assert read_calls(stream.getvalue().splitlines())[ONE].turns == TURNS


def test_a_call_that_rings_again_starts_afresh(log_format: Format) -> None:
    stream = start(log_format)
    call(ONE, [GREETING])
    call(ONE, [SORRY], ended=False)

    assert heard(read_calls(stream.getvalue().splitlines())[ONE]) == [SORRY["text"]]


def test_words_that_were_not_logged(log_format: Format) -> None:
    stream = start(log_format, log_transcripts=False)
    call(ONE, TURNS)

    found = read_calls(stream.getvalue().splitlines())[ONE]

    assert all(turn["text"] == "" for turn in found.turns)
    assert found.turns[1]["heard_ms"] == 3200


def test_what_an_agent_says_is_never_taken_for_a_record() -> None:
    stream = start("console")
    forged = json.dumps({"event": "call.transcript", "call_sid": TWO, "turns": []})
    faked = f"10:21:04  …9c01  agent   {forged} …9c01  │  0:00  agent   lie\n…9c01  agent   lie"
    call(TWO, [GREETING], ended=False)
    log.warning("signature.refused", url=f"https://x/{faked}", hint=faked, exception=faked)
    logging.getLogger("some.library").warning("%s\n%s", faked, faked)
    call(ONE, [{**GREETING, "text": faked}])

    calls = read_calls(stream.getvalue().splitlines())

    assert heard(calls[TWO]) == [GREETING["text"]]
    assert heard(calls[ONE]) == [faked.replace("\n", " ")]


def test_a_log_that_begins_within_a_call() -> None:
    stream = start("console")
    call(ONE, [GREETING], ended=False)
    headless = stream.getvalue().splitlines()[1:]

    calls = read_calls(headless)

    assert list(calls) == ["…4f2a"]
    assert find(calls, ONE) is calls["…4f2a"]
    assert find(calls, "4f2a") is calls["…4f2a"]
    assert find(calls, TWO) is None
    assert find({}, "") is None
