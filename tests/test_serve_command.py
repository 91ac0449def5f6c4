"""`twilio-openai serve`: a process whose whole output is its log, which ends its calls before it ends."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import contract
import pytest
from house import API_KEY, QUICK, http, say, until, words
from served import environment, run, served
from stage import together

from twilio_openai.cli import main
from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.answers import Answer, Call, Said
from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.phone import AUTH_TOKEN

LOOK = Call("check_availability", {"date": "tomorrow", "time": "12:00"})


@pytest.mark.parametrize("level", ["debug", "info"])
@together
async def test_a_whole_call_leaves_no_secret_and_nothing_but_json(level: str) -> None:
    script = [Answer((Said(speech.load("agent-moment")), LOOK)), say("agent-total"), say("agent-sure")]
    async with Model(script, pacing=QUICK) as model, served(model, LOG_LEVEL=level) as server:
        phone = await server.call(Line(20, 20, 20, 40))
        tokens = [phone.documents[0].parameters["token"]]
        await phone.until_playing()
        await phone.heard(speech.load("agent-moment").duration_ms + 900)
        phone.say(speech.load("caller-wait"))
        await phone.until(lambda: bool(phone.loudspeaker.cuts), 3, "the clear")
        phone.press("1234567890#")
        await phone.until_said()
        await phone.until_playing()
        stranger = await phone.webhooks.ask(
            phone.webhooks.absolute("/incoming-call"), {"CallSid": "CA1"}, signature="x" * 27 + "="
        )
        assert stranger.status == 403
        phone.drop()
        await phone.until(lambda: len(phone.streams) == 2, 5, "to be connected again")
        tokens.append(phone.documents[-1].parameters["token"])
        await phone.until(lambda: len(server.events("call.started")) == 2, 5, "the second start")
        phone.hang_up()
        await until(lambda: len(server.events("call.transcript")) == 2, 6, "the record")
        await server.stop()
    assert server.errors == []
    signatures = [phone.webhooks.signature(request.url, request.fields) for request in phone.webhooks.log]
    secrets = [AUTH_TOKEN, API_KEY, *tokens, *signatures, "5550001111", "5550002222", "x" * 27]
    for record in server.log:
        contract.check(record, *secrets)
    assert len(server.events("call.transcript")) == 2
    frames = sum(record["stream"]["frames_in"] for record in server.events("call.transcript"))
    if level == "info":
        assert len(server.lines) < frames / 4, "no line per frame"


@together
async def test_the_first_signal_lets_the_calls_go_on_and_takes_no_more() -> None:
    async with Model([say("agent-hours")], pacing=QUICK) as model, served(model) as server, http(server.url) as client:
        phone = await server.call()
        await phone.until_playing()
        server.process.send_signal(signal.SIGTERM)
        await server.event("server.draining")
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        second = await server.ring()
        assert second.stream is None
        assert second.verb("Say")
        await phone.heard(1500)
        phone.hang_up()
        assert await asyncio.wait_for(server.process.wait(), 8) == 0
        assert (await server.event("call.transcript"))["ended_by"] == "caller"
        assert server.errors == []


@pytest.mark.parametrize(("seconds", "signals"), [("300", 2), ("0.7", 1), ("0", 1)])
@together
async def test_a_second_signal_or_drain_seconds_ends_the_calls_with_their_records(seconds: str, signals: int) -> None:
    async with Model([say("agent-hours")], pacing=QUICK) as model, served(model, DRAIN_SECONDS=seconds) as server:
        phone = await server.call()
        await phone.until_playing()
        await phone.heard(1500)
        for _ in range(signals):
            server.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
        assert await asyncio.wait_for(server.process.wait(), 8) == 0
        record = await server.event("call.transcript", 1)
        assert record["ended_by"] == "shutdown"
        assert words(record["turns"])[0].startswith("We are open from")
        assert record["turns"][0]["unheard"]
        assert len(server.events("call.transcript")) == 1
        assert server.errors == []
        assert await phone.over() == "hangup"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@together
async def test_ended_in_order_is_exit_code_0(how: signal.Signals) -> None:
    async with served() as server:
        assert await server.stop(how) == 0


@together
async def test_ctrl_c_in_a_terminal_reaches_the_worker_too() -> None:
    async with Model([say("agent-hours")], pacing=QUICK) as model, served(model) as server:
        phone = await server.call()
        await phone.until_playing()
        await phone.heard(500)
        os.killpg(server.process.pid, signal.SIGINT)
        await asyncio.sleep(0.3)
        phone.hang_up()
        await asyncio.wait_for(server.process.wait(), 10)
        assert len(server.events("call.transcript")) == 1
        assert server.errors == []


@together
async def test_a_second_server_on_the_same_port_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, err = await run("serve", PORT=str(taken.getsockname()[1]))
    assert code == 2
    assert "PORT" in err
    assert len(err.strip().splitlines()) == 1
    assert all(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWILIO_ACCOUNT_SID", None),
        ("TWILIO_AUTH_TOKEN", None),
        ("OPENAI_API_KEY", None),
        ("OPENAI_API_KEY", ""),
        ("PORT", "many"),
        ("LOG_LEVEL", "loud"),
        ("RELOAD", "perhaps"),
        ("LIMIT_CONCURRENCY", "0"),
        ("BACKLOG", "-1"),
        ("TIMEOUT_KEEP_ALIVE", "x"),
        ("WS_PING_INTERVAL", "x"),
        ("WS_PING_TIMEOUT", "x"),
        ("WS_MAX_SIZE", "1MB"),
        ("WS_MAX_QUEUE", "x"),
        ("NGROK_URL", "ftp://x/y"),
        ("PUBLIC_URL", "https://x/path"),
        ("TOOLS", "/nowhere/tools.py"),
        ("VAD_THRESHOLD", "2"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    name: str, value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["twilio-openai", "serve"])
    for variable, right in environment(**{name: value}).items():
        monkeypatch.setenv(variable, right)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    [line] = err.splitlines()
    assert name in line
    assert AUTH_TOKEN not in line
    assert API_KEY not in line


@together
async def test_settings_come_from_an_env_file_too() -> None:
    code, out, err = await run("serve", OPENAI_API_KEY=None)
    assert (code, out) == (2, "")
    assert "OPENAI_API_KEY" in err
    dotenv = f"OPENAI_API_KEY={API_KEY}\nHOST=127.0.0.2\nUNKNOWN=1\n"
    async with served(dotenv=dotenv, OPENAI_API_KEY=None, HOST=None) as server:
        assert server.url.startswith("http://127.0.0.2:")
