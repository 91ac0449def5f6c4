"""The console's log: what a person reads while a call goes on, and after it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from twilio_openai.console import ConsoleRenderer, one_line

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


def show(event: str, call_sid: str | None = ONE, level: str = "info", show_unheard: bool = False, **fields: Any) -> str:
    """One record's text, without the clock (which is in this machine's own time zone)."""
    call = {"call_sid": call_sid, "stream_sid": "MZ1"} if call_sid else {}
    record = {
        "timestamp": "2026-11-20T10:21:04.100+00:00",
        "level": level,
        "event": event,
        "logger": "twilio_openai.call",
        **call,
        **{key.rstrip("_"): value for key, value in fields.items()},
    }
    text = ConsoleRenderer(show_unheard=show_unheard)(None, level, record)
    return re.sub(r"^\d\d:\d\d:\d\d  ", "", text)


def test_a_call_as_it_goes() -> None:
    assert show("call.started", from_="+1********11") == f"…4f2a  ● call from +1********11  {ONE}"
    assert show("transcript.turn", **GREETING) == "…4f2a  agent   Hello, what would you like?"
    assert show("transcript.turn", **SORRY) == "…4f2a  caller  Sorry for interrupting."
    assert show("transcript.turn", **FAILED) == "…4f2a  caller  (not understood)"
    assert show("websocket.closed", side="model", code=1000, reason="the caller left") == (
        '…4f2a  websocket.closed  side=model  code=1000  reason="the caller left"'
    )


def test_a_cut_turn_shows_heard_words_only() -> None:
    assert show("transcript.turn", **CUT) == (
        "…4f2a  agent   That will be $9.05. Cash or credit? ✂ cut after 3.2 s of 6.1 s"
    )
    assert show("transcript.turn", **NEVER_HEARD) == ""
    items = [{"item_id": "item_3", "heard_ms": 3200, "generated_ms": 6100}]
    assert show("barge_in", items=items) == "…4f2a  ✂ barge-in: heard 3.2 s of 6.1 s"


def test_unheard_words_on_request() -> None:
    assert show("transcript.turn", show_unheard=True, **CUT) == (
        "…4f2a  agent   That will be $9.05. Cash or credit? ⟨We also have a store discount.⟩ ✂ cut after 3.2 s of 6.1 s"
    )
    assert show("transcript.turn", show_unheard=True, **NEVER_HEARD) == (
        "…4f2a  agent   ⟨You can apply it now.⟩ ✂ cut after 0.0 s of 6.1 s"
    )


def test_tools_and_coach() -> None:
    tool: dict[str, Any] = {
        "name": "check_availability",
        "arguments": {"time": "10:00"},
        "result": {"error": "no such day"},
    }
    assert show("tool.result", duration_ms=11.8, **tool) == (
        '…4f2a  tool    check_availability(time=10:00) → error="no such day"  12 ms'
    )
    assert show("coach.insight", text="Ask for the size.") == "…4f2a  coach   Ask for the size."


def test_the_whole_call_is_one_block() -> None:
    text = show(
        "call.transcript",
        turns=[GREETING, CUT, NEVER_HEARD, FAILED, SORRY],
        duration_ms=78_400,
        ended_by="caller",
        stream={"frames_in": 3920},
    )

    assert text.splitlines() == [
        f"…4f2a  ┌ {ONE}  1:18  ended by caller",
        "          …4f2a  │  0:00  agent   Hello, what would you like?",
        "          …4f2a  │  1:07  agent   That will be $9.05. Cash or credit? ✂ cut after 3.2 s of 6.1 s",
        "          …4f2a  │  1:11  caller  (not understood)",
        "          …4f2a  │  1:15  caller  Sorry for interrupting.",
        "          …4f2a  └ frames_in=3920",
    ]


def test_words_that_are_not_logged() -> None:
    hidden = {**CUT, "text": "", "unheard": ""}

    assert show("transcript.turn", words_logged=False, **hidden).startswith("…4f2a  agent   (words not logged) ✂")
    block = show("call.transcript", turns=[hidden, FAILED], words_logged=False)
    assert "agent   (words not logged) ✂ cut after 3.2 s" in block
    assert "caller  (not understood)" in block


def test_what_goes_wrong_stands_out() -> None:
    assert show("signature.refused", None, "warning", reason="mismatch") == (
        "       ! signature.refused  reason=mismatch"
    )
    assert show("tool.failed", level="error", exception="Traceback\n  ValueError: x") == (
        "…4f2a  ✗ tool.failed\n          Traceback\n            ValueError: x"
    )


def test_a_library_is_named() -> None:
    text = show("two\nlines", None, logger="uvicorn.error")

    assert text == "       uvicorn.error: two\n          lines"


@pytest.mark.parametrize("bad", ["a\x1b[2Jb", "a\nb", "a\r\n\x07b", "a\u2028b", "a\x9bb", "a\u202eb"])
def test_nobodys_words_draw_on_the_terminal(bad: str) -> None:
    shown = show("transcript.turn", **{**SORRY, "text": bad})

    assert len(shown.splitlines()) == 1
    assert shown.isprintable()


def test_nobodys_words_look_like_our_marks() -> None:
    assert one_line("Yes ✂ cut after 1 s ⟨no⟩") == "Yes x cut after 1 s ‹no›"


def test_colours_are_the_same_for_one_call_and_change_no_word() -> None:
    record = {"timestamp": "2026-11-20T10:21:04+00:00", "level": "info", "event": "transcript.turn", "logger": "x"}
    plain, coloured = ConsoleRenderer(), ConsoleRenderer(colour=True)

    tags = set()
    for call_sid in (ONE, TWO, ONE):
        line = coloured(None, "info", {**record, "call_sid": call_sid, **CUT})
        tags.add(re.search(r"\x1b\[[\d;]+m…....", line)[0])  # type: ignore[index]
        assert re.sub(r"\x1b\[[\d;]*m", "", line) == plain(None, "info", {**record, "call_sid": call_sid, **CUT})
    assert len(tags) == 2
