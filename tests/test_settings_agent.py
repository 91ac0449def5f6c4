"""The settings of accounts, agent and log: their effect as Twilio, the model and an operator see it."""

import asyncio
import time
from typing import Any

import pytest
from house import API_KEY, QUICK, house, say, until, words, written
from served import served
from signed import fields, ring
from stage import together

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.answers import Answer, Call
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.phone import AUTH_TOKEN
from twilio_openai.rehearsal.webhooks import sid

# -- the accounts


@together
async def test_twilio_account_sid() -> None:
    mine, other = sid("AC", "mine"), sid("AC", "other")
    async with house([say("agent-moment")], twilio_account_sid=mine) as h:
        assert (await ring(h, fields(AccountSid=other))).status_code == 403
        phone = await h.call(account_sid=mine)
        phone.hang_up()


@together
async def test_twilio_auth_token() -> None:
    async with house([say("agent-moment")], twilio_auth_token="another-token-of-twilio") as h:
        assert (await ring(h, fields())).status_code == 403
        phone = await h.call(auth_token="another-token-of-twilio")
        phone.hang_up()
        assert h.settings.twilio_auth_token != AUTH_TOKEN


@together
async def test_openai_api_key_and_base_url() -> None:
    async with house([say("agent-moment")], api_key="sk-right-0123456789", openai_api_key="sk-right-0123456789") as h:
        phone = await h.call()
        await phone.until_playing()
        assert h.model.handshakes[0].headers["Authorization"] == "Bearer sk-right-0123456789"
        assert "OpenAI-Beta" not in h.model.handshakes[0].headers
        assert "Sec-WebSocket-Extensions" not in h.model.handshakes[0].headers
        phone.hang_up()
        assert h.settings.openai_api_key != API_KEY


# -- the agent


@together
async def test_the_session_is_what_the_settings_say() -> None:
    settings: dict[str, Any] = {
        "openai_model": "gpt-realtime-mini",
        "openai_voice": "cedar",
        "openai_transcription_model": "gpt-4o-mini-transcribe",
        "prompt_file": written("prompt.md", "You sell only bagels."),
        "greeting": "Say ahoy.",
        "language": "de",
        "vad_threshold": 0.7,
        "vad_silence_ms": 650,
        "vad_prefix_ms": 210,
        "noise_reduction": "far_field",
    }
    async with house([say("agent-moment")], **settings) as h:
        phone = await h.call()
        await phone.until_playing()
        session = h.model.session()
        assert "model=gpt-realtime-mini" in h.model.handshakes[0].path
        sent = h.to_model("session.update")[0]["session"]
        assert sent["type"] == "realtime"
        assert "You sell only bagels." in sent["instructions"]
        assert "Say ahoy." in h.to_model("response.create")[0]["response"]["instructions"]
        heard, said = session.config["audio"]["input"], session.config["audio"]["output"]
        assert heard["format"] == said["format"] == {"type": "audio/pcmu"}
        assert said["voice"] == "cedar"
        assert heard["transcription"]["model"] == "gpt-4o-mini-transcribe"
        assert heard["transcription"]["language"] == "de"
        assert heard["noise_reduction"] == {"type": "far_field"}
        detection = {"type": "server_vad", "threshold": 0.7, "silence_duration_ms": 650, "prefix_padding_ms": 210}
        assert {name: heard["turn_detection"][name] for name in detection} == detection
        assert h.model.refusals == []
        phone.hang_up()


@together
async def test_semantic_vad_without_noise_reduction() -> None:
    async with house([say("agent-moment"), say("agent-sure")], vad_mode="semantic_vad", noise_reduction="none") as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet()
        phone.say(speech.load("caller-yes"))
        await phone.until_playing()
        assert h.model.session().config["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"
        assert h.model.session().config["audio"]["input"]["noise_reduction"] is None
        assert h.model.refusals == []
        phone.hang_up()


@together
async def test_calendar_file() -> None:
    closed = written(
        "calendar.toml",
        "[opening_hours]\n"
        + "".join(
            f'{day} = "closed"\n'
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        ),
    )
    look = Answer((Call("check_availability", {"date": "tomorrow", "time": "12:00"}),))
    async with house([look, say("agent-moment")], calendar_file=closed) as h:
        phone = await h.call()
        await phone.until_playing()
        assert "closed" in (await h.event("tool.result", phone))["result"].lower()
        phone.hang_up()


@pytest.mark.parametrize("predial", [0.5, 10])
@together
async def test_predial_seconds(predial: float) -> None:
    async with house([say("agent-moment")], predial_seconds=predial) as h:
        phone = await h.phone()
        await phone.ring()
        session = await h.model.opened()
        await asyncio.sleep(1.2)
        assert bool(session.closed_ms) == (predial < 1)
        assert await phone.connect()
        await phone.until_playing()
        assert len(h.model.sessions) == (2 if predial < 1 else 1)
        phone.hang_up()


@pytest.mark.parametrize("seconds", [0.6, 3.0])
@together
async def test_reconnect_seconds(seconds: float) -> None:
    async with house(refuse_status=503, reconnect_seconds=seconds) as h:
        phone = await h.call()
        began = time.monotonic()
        await phone.over(12)
        assert seconds - 2.0 < time.monotonic() - began < seconds + 0.6
        assert phone.said


# -- the log


@together
async def test_log_transcripts() -> None:
    script = [say("agent-moment"), say("agent-sure")]
    async with Model(script, pacing=QUICK) as model, served(model, LOG_TRANSCRIPTS="false") as server:
        phone = await server.call()
        await phone.until_playing()
        await phone.heard(700)
        phone.say(speech.load("caller-yes"))
        await phone.until_playing()
        phone.hang_up()
        record = await server.event("call.transcript")
        assert words(record["turns"])[0] == ""
        assert record["turns"][0]["heard_ms"] > 500
        everything = "\n".join(server.lines).lower()
        assert "moment" not in everything
        assert "yes please" not in everything


@pytest.mark.parametrize("show", ["false", "true"])
@together
async def test_log_format_and_show_unheard(show: str) -> None:
    env = {"LOG_FORMAT": "console", "SHOW_UNHEARD": show}
    async with Model([say("agent-hours"), say("agent-sure")], pacing=QUICK) as model:
        async with served(model, **env) as server:
            phone = await server.call()
            await phone.until_playing()
            await phone.heard(1300)
            phone.hang_up()
            await until(lambda: any("ended by caller" in line for line in server.lines), 6)
        text = "\n".join(server.lines)
        assert "We are open" in text
        assert ("Saturdays" in text) == (show == "true")
        with pytest.raises(ValueError, match=r"Expecting|Extra"):
            assert server.log
