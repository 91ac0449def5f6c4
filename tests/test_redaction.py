"""What may not be logged is not, and what must be logged is."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from twilio_openai.redaction import MAX_CHARS, REDACTED, Redactor, hide_words, mask_number

TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
KEY = "sk-proj-Ab3_xYz-0123456789"
ODD = 'p"a ss/w+rd\\é=9'
CALL_SID = "CA0123456789abcdef0123456789ab4f2a"

redact = Redactor([TOKEN, KEY, ODD, "", "abc"])


def clean(**record: Any) -> dict[str, Any]:
    return dict(redact(None, "info", record))


@pytest.mark.parametrize("secret", [TOKEN, KEY, ODD])
@pytest.mark.parametrize("spelling", [str, quote, quote_plus, lambda s: quote(s, safe=""), json.dumps, repr])
def test_a_configured_secret_goes_in_every_spelling(secret: str, spelling: Any) -> None:
    spelled = spelling(secret).strip("'\"")

    cleaned = redact.text(f"refused ({spelled}) by peer")

    assert spelled not in cleaned
    assert cleaned == f"refused ({REDACTED}) by peer"


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_a_secret_is_found_in_base64_wherever_it_stands(before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + TOKEN.encode() + after).decode()
    urlsafe = base64.urlsafe_b64encode(before + TOKEN.encode() + after).decode()

    for text in (encoded, urlsafe):
        assert TOKEN.encode() not in base64.urlsafe_b64decode(_padded(redact.words(text)))


def _padded(text: str) -> str:
    kept = text.partition(REDACTED)[0].replace("+", "-").replace("/", "_").rstrip("=")
    return kept + "A" * (-len(kept) % 4)


def test_a_short_secret_is_a_whole_word() -> None:
    short = Redactor(["12345"])

    assert short.text("the token 12345, it is") == f"the token {REDACTED}, it is"
    assert short.text("port 123456 and x12345y") == "port 123456 and x12345y"
    assert short(None, "info", {"call_sid": "CA12345", "duration_ms": 12345}) == {
        "call_sid": "CA12345",
        "duration_ms": 12345,
    }


SIGNATURE = RequestValidator(TOKEN).compute_signature("wss://example.com/media-stream", {})


@pytest.mark.parametrize(
    "text",
    [
        f"x-twilio-signature: {SIGNATURE}",
        f"{{'X-Twilio-Signature': '{SIGNATURE}'}}",
        f"[(b'host', b'x'), (b'x-twilio-signature', b'{SIGNATURE}')]",
        f'{{\\"x-twilio-signature\\": \\"{SIGNATURE}\\"}}',
        f"expected {SIGNATURE}, got nothing",
    ],
)
def test_no_signature_in_any_form(text: str) -> None:
    assert SIGNATURE[:-1] not in redact.text(text)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("'authorization': 'Basic QUM6dG9rZW4='", "QUM6dG9rZW4"),
        ("sent Bearer xyz_12345 along", "xyz_12345"),
        ("Incorrect API key provided: sk-abcd********wxyz.", "abcd********wxyz"),
        ("client secret ek_68af296e8e408191a1120ab6383263c2", "68af296e"),
        ('<Parameter name="token" value="1763600000.deadbeef"/>', "deadbeef"),
        ("{'customParameters': {'token': '1763600000.deadbeef'}}", "deadbeef"),
        ("wss://host/media-stream?token=1763600000.deadbeef&x=1", "deadbeef"),
        ("postgresql+psycopg://bot:hunter2@db:5432/calls", "hunter2"),
    ],
)
def test_what_looks_like_a_secret_goes(text: str, gone: str) -> None:
    cleaned = redact.text(text)

    assert gone not in cleaned
    assert REDACTED in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Missing bearer authentication in header",
        "check TWILIO_AUTH_TOKEN, PUBLIC_URL",
        "TWILIO_AUTH_TOKEN: is it the primary one?",
        "x-twilio-signature is missing",
        "the token has expired",
        "a task-force of desk-workers",
        "wss://example.com/media-stream/",
        f"{CALL_SID} MZ0123456789abcdef0123456789abcdef item_CkX2a1b2c3d4e5f6g7h8i",
        "2026-11-20T10:21:04.123+00:00 took 1e+10 ns",
        "/usr/local/lib/python3.11/site-packages/websockets/asyncio/connection.py, line 312, in recv and so on",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact.text(text) == text


@pytest.mark.parametrize("size", [160, 480, 4000])
def test_audio_is_replaced_by_its_size(size: int) -> None:
    payload = base64.b64encode(os.urandom(size)).decode()
    frame = json.dumps({"event": "media", "media": {"payload": payload}})
    escaped = json.dumps(frame.replace("/", "\\/"))

    for text in (payload, frame, escaped, repr(frame.encode()), frame[:120]):
        assert payload[20:40] not in redact.text(text)
    assert clean(event="x", raw=b"\xff" * size)["raw"] == f"[{size} bytes]"
    assert payload[20:40] not in str(
        clean(event="x", message={"type": "response.output_audio.delta", "delta": payload})
    )


def test_a_frame_of_a_few_bytes_is_audio_too() -> None:
    assert "gICAgA" not in redact.text('{"event":"media","media":{"payload":"gICAgA=="}}')
    assert "gICAgA" not in str(clean(event="odd", media={"payload": "gICAgA=="}))
    assert "\\xff\\xfe" not in redact.text(repr(b"\xff\xfe" * 30))


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+15550001111", "+1********11"),
        ("+442071838750", "+4*********50"),
        ("15550001111", "1********11"),
        ("(555) 000-1111", "(5**) ***-**11"),
        ("911", "911"),
        ("anonymous", "anonymous"),
        ("", ""),
        ("client:bob", "client:b**"),
        ("whatsapp:+15550001111", "whatsapp:+1********11"),
        ("sip:alice@example.com", "sip:a****@example.com"),
        ("sip:+15550001111@example.com:5060", "sip:+1********11@example.com:5060"),
    ],
)
def test_mask_number(number: str, masked: str) -> None:
    assert mask_number(number) == masked
    assert mask_number(masked) == masked


def test_phone_numbers_are_masked_wherever_they_stand_but_in_a_transcript() -> None:
    number = "+15550001111"
    record = clean(
        event=f"no answer from {number}",
        url="https://x/incoming-call?From=%2B15550001111",
        nested={"deep": [{"er": ("tel:15550001111", number)}], number: 1},
        **{"from": "15550001111"},
    )

    assert "0001111" not in str(record)
    turn = {"role": "caller", "text": f"My number is {number}", "unheard": number}
    assert clean(event="transcript.turn", **turn)["text"] == turn["text"]
    assert clean(event="call.transcript", turns=[turn])["turns"] == [turn]
    assert "0001111" not in str(clean(event="tool.result", arguments=json.dumps({"number": number})))
    assert "0001111" not in str(clean(event="frame.malformed", text=number)), "only a transcript's words are exempt"


def test_the_words_of_a_transcript_lose_secrets_only() -> None:
    words = "Basic bread, token: five, audio: none, http://a:b@c " + "ha" * 60
    record = clean(
        event="call.transcript", call_sid=CALL_SID, turns=[{"text": words, "unheard": f"It is {TOKEN} {KEY}"}]
    )

    assert record["call_sid"] == CALL_SID
    assert record["turns"] == [{"text": words, "unheard": f"It is {REDACTED} {REDACTED}"}]


def test_header_pairs_and_named_values_at_any_depth() -> None:
    record = clean(
        event="x", headers=[("Authorization", "anything"), ["cookie", "c=1"]], request={"x": {"Token": "t0"}}
    )

    assert record["headers"] == [["Authorization", REDACTED], ["cookie", REDACTED]]
    assert record["request"] == {"x": {"Token": REDACTED}}


def test_whatever_was_logged_becomes_valid_json() -> None:
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    record = clean(
        event="x", path=Path("/a/b"), nan=float("nan"), some={1}, error=ValueError(KEY), cycle=cycle, none=None
    )

    parsed = json.loads(json.dumps(record, allow_nan=False))

    assert parsed["path"] == "/a/b"
    assert parsed["nan"] == "nan"
    assert parsed["error"] == REDACTED
    assert "…" in str(parsed["cycle"])


def test_a_huge_string_is_cut_without_a_torn_secret_at_its_end() -> None:
    for shift in range(len(TOKEN) + 1):
        cleaned = redact.text("- " * (MAX_CHARS // 2 - len(TOKEN)) + "-" * shift + " " + TOKEN + " -" * 3 * MAX_CHARS)
        assert TOKEN[:6] not in cleaned
        assert len(cleaned) == MAX_CHARS + 1


def test_hidden_words_leave_the_figures() -> None:
    turn = {"role": "agent", "item_id": "i", "text": "said", "unheard": "not said", "heard_ms": 10}
    silent = {**turn, "text": "", "unheard": ""}

    assert hide_words(None, "info", {"event": "transcript.turn", **turn}) == {
        "event": "transcript.turn",
        **silent,
        "words_logged": False,
    }
    whole = hide_words(None, "info", {"event": "call.transcript", "turns": [turn], "ended_by": "caller"})
    assert whole == {"event": "call.transcript", "turns": [silent], "ended_by": "caller", "words_logged": False}
    tool = {"event": "tool.result", "name": "f", "arguments": {"a": "said"}, "result": "said", "duration_ms": 3}
    assert "said" not in str(hide_words(None, "info", tool))
    assert hide_words(None, "info", {"event": "call.started", "n": 1}) == {"event": "call.started", "n": 1}
