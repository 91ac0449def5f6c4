"""The model cannot be had, or is lost: the caller hears words, and the record says what was heard until then."""

from typing import Any

import pytest
from house import House, house, say, words
from stage import together

from twilio_openai.rehearsal.answers import Answer, Fault
from twilio_openai.rehearsal.phone import Phone

APOLOGY = "sorry"


async def apologised(h: House, phone: Phone, dials: list[str] | None = None) -> None:
    """The caller has heard that the model is away, and nothing is left open."""
    await phone.over(15)
    assert APOLOGY in " ".join(phone.said), phone.documents
    assert phone.dialled == (dials or [])
    record = await h.record(phone)
    assert record["ended_by"] == "model_away"
    assert phone.warnings == []


@pytest.mark.parametrize(
    "options",
    [
        {"refuse_status": 401},
        {"refuse_status": 503, "reconnect_seconds": 1.0},
        {"refuse_code": "invalid_api_key"},
        {"refuse_code": "model_not_found"},
        {"refuse_code": "insufficient_quota"},
        {"api_key": "sk-another-key"},
        {"openai_base_url": "http://127.0.0.1:9/v1", "reconnect_seconds": 1.0},
        {"openai_base_url": "http://127.0.0.1:9/v1", "reconnect_seconds": 1.0, "fallback_number": "+15557778888"},
        {"openai_model": "gpt-4o-realtime-preview"},
        {"openai_voice": "nobody"},
        {"update_ms": None, "reconnect_seconds": 2.0},
    ],
    ids=lambda options: ",".join(f"{k}={v}" for k, v in options.items()),
)
@together
async def test_without_a_session_the_caller_hears_an_apology(options: dict[str, Any]) -> None:
    async with house([say("agent-moment")], **options) as h:
        phone = await h.call()
        fallback = h.settings.fallback_number
        await apologised(h, phone, [fallback] if fallback else None)
        reasons = [r for r in h.log if r["event"] in ("model.refused", "model.away") and r["level"] == "error"]
        assert len(reasons) == 1, "one clear line"
        assert reasons[0]["reason"]
        assert reasons[0]["call_sid"] == phone.call_sid


@pytest.mark.parametrize(
    "fault",
    [
        Fault("close", 700, 1011, "server_error"),
        Fault("close", 700, 1000, ""),
        Fault("drop", 700),
        Fault("expire", 700),
        Fault("close", 700, 3000, "invalid_request_error.invalid_api_key"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.code}",
)
@together
async def test_a_model_that_is_lost_in_the_call(fault: Fault) -> None:
    async with house([say("agent-hours", faults=(fault,))], reconnect_seconds=0.5) as h:
        phone = await h.call()
        h.model.options.refuse_status = 503
        await phone.until_playing()
        await apologised(h, phone)
        [turn] = (await h.record(phone))["turns"]
        heard = h.heard(phone)[turn["item_id"]]
        assert turn["interrupted"]
        assert abs(turn["heard_ms"] - heard.played_ms) <= 120
        assert abs(len(turn["text"].split()) - len(heard.words)) <= 2
        assert f"{turn['text']} {turn['unheard']}".split() == heard.item.text.split()
        closed = {r["side"]: r["code"] for r in h.events("websocket.closed", phone)}
        assert closed["caller"] == 1011
        assert closed["model"] == (1006 if fault.kind == "drop" else 1001 if fault.kind == "expire" else fault.code)


@together
async def test_an_error_event_before_the_close_is_logged() -> None:
    faults = (Fault("error", 500, reason="server_error"), Fault("close", 900))
    async with house([say("agent-hours", faults=faults)], reconnect_seconds=0.5) as h:
        phone = await h.call()
        h.model.options.refuse_status = 503
        await apologised(h, phone)
        assert h.events("model.error", phone)[0]["code"] == "server_error"


@together
async def test_an_error_event_alone_ends_nothing() -> None:
    async with house([say("agent-moment", faults=(Fault("error", 500),))]) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet()
        assert phone.ended is None
        phone.hang_up()
        assert words((await h.record(phone))["turns"]) == ["One moment, please."]


@together
async def test_an_answer_that_failed_is_asked_for_again() -> None:
    failed = Answer(status="failed", reason="rate_limit_exceeded")
    async with house([failed, say("agent-moment")]) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet()
        phone.hang_up()
        assert words((await h.record(phone))["turns"]) == ["One moment, please."]
        assert len(h.to_model("response.create")) == 2


@together
async def test_answers_that_fail_again_and_again_end_in_an_apology() -> None:
    async with house(lambda _: Answer(status="failed", reason="server_error")) as h:
        phone = await h.call()
        await apologised(h, phone)


@together
async def test_no_credit_ends_in_an_apology() -> None:
    async with house(lambda _: Answer(status="failed", reason="insufficient_quota")) as h:
        phone = await h.call()
        await apologised(h, phone)
