"""The log's one door: whatever any library says leaves by it, in one form, and without a secret at any level."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from twilio_openai import logs

CALL = {"call_sid": "CA0123456789abcdef0123456789ab4f2a", "stream_sid": "MZ0123456789abcdef0123456789abcdef"}
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
KEY = "sk-proj-Ab3xYz0123456789"

log = logs.get_logger("twilio_openai.tests")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    logs.configure("info", "json", stream=io.StringIO())


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def run(code: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDEVMODE": "", "PYTHONASYNCIODEBUG": "1", "OPENAI_LOG": "debug", "NO_COLOR": ""}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        **kwargs,
    )


def test_a_record_has_the_contracts_fields_in_their_order(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream=stream)
    log.info("call.started", from_="+15550001111", to="anonymous", **CALL)

    [record] = records(stream)

    assert list(record) == ["timestamp", "level", "event", "logger", "call_sid", "stream_sid", "from", "to"]
    assert record["level"] == "info"
    assert record["from"] == "+1********11"
    moment = datetime.fromisoformat(record["timestamp"])
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_bound_and_context_fields_are_kept_and_cannot_forge_the_head(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream=stream)
    with structlog.contextvars.bound_contextvars(**CALL):
        log.bind(side="model").warning("websocket.closed", level="none", logger="x", timestamp=0, code=1006)

    [record] = records(stream)

    assert record["call_sid"] == CALL["call_sid"]
    assert (record["level"], record["logger"], record["side"]) == ("warning", "twilio_openai.tests", "model")


def test_log_level_is_for_us_and_libraries_stay_above_debug(stream: io.StringIO) -> None:
    for level, ours in [("debug", 4), ("info", 3), ("warning", 2), ("ERROR", 1), ("critical", 0)]:
        stream.truncate(stream.seek(0))
        logs.configure(level, "json", stream=stream)
        for name in (
            "websockets.client",
            "openai",
            "asyncio",
            "picows",
            "uvicorn.error",
            "httpx",
            "twilio.http_client",
        ):
            library = logging.getLogger(name)
            library.setLevel(1)  # as OPENAI_LOG=debug or uvicorn's own log_level do
            library.debug("GET wss://x Authorization: secret")
            library.log(5, "trace")
        for name in ("httpx", "twilio.http_client", "aiohttp.access", "sqlalchemy.engine.Engine", "uvicorn.access"):
            logging.getLogger(name).info("POST /Calls.json To=+15550001111")
        log.debug("a")
        log.info("b")
        log.warning("c")
        log.error("d")

        assert len(records(stream)) == ours, level
    for name in ("websockets.client", "openai", "asyncio", "picows", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_configuring_again_replaces_and_never_doubles(stream: io.StringIO) -> None:
    library = logging.getLogger("some.library")
    library.addHandler(logging.StreamHandler())
    library.propagate = False
    for _ in range(3):
        logs.configure("debug", "json", stream=stream)
    log.debug("once")
    library.info("once too")
    logs.configure("warning", "console", stream=stream)
    log.info("never")

    assert [record["event"] for record in records(stream)] == ["once", "once too"]


def test_an_exception_is_one_field_of_one_line_without_secrets(stream: io.StringIO) -> None:
    logs.configure("info", "json", secrets=[TOKEN], stream=stream)
    try:
        raise RuntimeError(f"refused {TOKEN} for +15550001111")
    except RuntimeError:
        log.exception("tool.failed", **CALL)
        logging.getLogger("a.library").exception("oh %s", KEY)

    for record in records(stream):
        assert "RuntimeError: refused [redacted] for +1********11" in record["exception"]
        assert "Traceback" in record["exception"]
    assert TOKEN not in stream.getvalue()
    assert KEY not in stream.getvalue()


SORE = f"""
    import logging
    from twilio_openai import logs

    class Sore:
        def __str__(self): raise RuntimeError({KEY!r})

    logs.configure("info", "json")
    logs.get_logger("twilio_openai.main").info("x", sore=Sore())
    logging.getLogger("a.library").warning("%d of %s", {KEY!r})
"""


def test_a_record_that_cannot_be_formatted_is_one_line_that_repeats_nothing() -> None:
    done = run(SORE)

    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["log.failed"] * 2
    assert KEY not in done.stdout
    assert done.stderr == ""


def test_odd_words_never_break_a_line(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream=stream)
    odd = "zwei\nZeilen\r\x85\u2028 und \ud800 \x00 🎂"
    log.info("transcript.turn", role="caller", text=odd, **CALL)

    assert [record["text"] for record in records(stream)] == [odd]


def test_a_closed_stream_costs_no_call() -> None:
    closed = io.StringIO()
    logs.configure("info", "json", stream=closed)
    closed.close()

    log.info("nobody hears this")
    logs.configure("info", "json", stream=io.StringIO())


def test_words_that_are_not_to_be_logged(stream: io.StringIO) -> None:
    logs.configure("info", "json", log_transcripts=False, stream=stream)
    turn = {"role": "agent", "item_id": "i1", "text": "Nine dollars", "unheard": "and more", "heard_ms": 900}
    log.info("transcript.turn", **CALL, **turn)
    log.info("call.transcript", **CALL, turns=[turn], duration_ms=1000)
    log.info("tool.result", **CALL, name="f", arguments={"a": "Nine"}, result={"b": "more"}, duration_ms=3)
    log.info("coach.insight", **CALL, text="Say more")

    assert "Nine" not in stream.getvalue()
    assert "more" not in stream.getvalue()
    one, whole, tool, _coach = records(stream)
    assert (one["heard_ms"], one["words_logged"]) == (900, False)
    assert whole["turns"][0]["heard_ms"] == 900
    assert tool["duration_ms"] == 3


@pytest.mark.parametrize(("level", "form", "named"), [("loud", "json", "LOG_LEVEL"), ("info", "xml", "LOG_FORMAT")])
def test_a_wrong_setting_is_named(level: str, form: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        logs.configure(level, form)


EVERYBODY = f"""
    import asyncio, base64, os, threading, warnings
    import aiohttp, httpx, openai, uvicorn, websockets
    from fastapi import FastAPI, WebSocket
    from twilio.request_validator import RequestValidator
    from twilio_openai import logs

    TOKEN, KEY = {TOKEN!r}, {KEY!r}
    logs.configure("debug", "json", secrets=[TOKEN, KEY])
    log = logs.get_logger("twilio_openai.main")
    signature = RequestValidator(TOKEN).compute_signature("wss://example.com/media-stream", {{}})
    audio = base64.b64encode(os.urandom(160)).decode()
    app = FastAPI()

    @app.get("/incoming-call")
    async def incoming(): raise RuntimeError("no " + KEY)

    @app.websocket("/media-stream")
    async def media(socket: WebSocket):
        await socket.accept()
        message = await socket.receive_text()
        log.debug("frame", message=message, headers=dict(socket.headers), raw=socket.headers.raw)
        await socket.send_text(message)
        await socket.close()

    async def main():
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, log_level="trace"))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        headers = {{"x-twilio-signature": signature, "Authorization": "Bearer " + KEY}}
        url = f"127.0.0.1:{{port}}/incoming-call?From=%2B15550001111&token=" + TOKEN
        async with httpx.AsyncClient() as client:
            await client.get("http://" + url, headers=headers)
        async with aiohttp.ClientSession() as session:
            async with session.get("http://" + url, headers=headers): pass
        async with websockets.connect(f"ws://127.0.0.1:{{port}}/media-stream", additional_headers=headers) as socket:
            await socket.send('{{"event":"media","media":{{"payload":"' + audio + '"}}}}')
            assert audio in await socket.recv()
        model = openai.AsyncOpenAI(api_key=KEY, base_url=f"http://127.0.0.1:{{port}}/v1", max_retries=1)
        try: await model.models.list()
        except openai.APIError as error: log.error("model.error", error=error)
        await model.close()
        def lost(): raise ValueError("in a callback " + KEY)
        asyncio.get_running_loop().call_soon(lost)
        await asyncio.sleep(0.01)
        server.should_exit = True
        await serving

    class Unraisable:
        def __del__(self): raise ValueError("in del " + KEY)

    def in_thread(): raise ValueError("in a thread " + KEY)

    asyncio.run(main())
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    Unraisable()
    warnings.warn("careful with " + KEY)
    log.info("known", audio_tail=audio[50:70], signature_tail=signature[:-1][::-1])
    raise RuntimeError("uncaught " + KEY)
"""


def test_every_library_speaks_one_form_without_a_secret_at_debug() -> None:
    done = run(EVERYBODY)

    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all({"timestamp", "level", "event", "logger"} <= line.keys() for line in lines)
    said = {(line["logger"], line["event"]) for line in lines}
    assert {"frame", "model.error", "python.warning", "python.unraisable"} <= {event for _, event in said}
    uncaught = [line["exception"] for line in lines if line["event"] == "python.uncaught"]
    assert ["in a thread" in trace for trace in uncaught] == [True, False]
    assert any("in a callback" in line.get("exception", "") for line in lines if line["logger"] == "asyncio")
    # the tails are logged on purpose, in a form that no rule knows, so that this test can look for the rest
    [known] = [line for line in lines if line["event"] == "known"]
    everything_else = "\n".join(line for line in done.stdout.splitlines() if json.loads(line) != known)
    for secret in (TOKEN, KEY, "15550001111", known["audio_tail"], known["signature_tail"][::-1]):
        assert secret not in everything_else


CONVERSATION = """
    from twilio_openai import logs
    logs.configure("info", "auto")
    log = logs.get_logger("twilio_openai.main")
    log.info("transcript.turn", call_sid="CA01", role="caller", text="Grüße")
"""


def test_auto_is_json_in_a_pipe_and_a_coloured_console_on_a_terminal() -> None:
    assert json.loads(run(CONVERSATION).stdout)["text"] == "Grüße"
    assert "\x1b[" in on_terminal({})
    assert "Grüße" in on_terminal({})
    assert "\x1b[" not in on_terminal({"NO_COLOR": "1"})


def on_terminal(environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    without = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    with os.fdopen(ours, "rb") as terminal:
        code = [sys.executable, "-c", textwrap.dedent(CONVERSATION)]
        process = subprocess.Popen(code, stdout=theirs, env={**without, **environment})
        assert process.wait(timeout=30) == 0
        written = terminal.read1(4096).decode()
        os.close(theirs)
    return written


def test_a_terminal_without_utf8_still_shows_the_call() -> None:
    raw = io.BytesIO()
    logs.configure("info", "console", stream=io.TextIOWrapper(raw, encoding="latin-1"))
    log.info("transcript.turn", **CALL, role="caller", text="Grüße 🎂")
    written = raw.getvalue().decode()
    logs.configure("info", "json", stream=io.StringIO())

    assert "caller  Gr??e ?\n" in written


def test_a_line_below_the_level_is_nearly_free_and_a_written_one_cheap(stream: io.StringIO) -> None:
    """Bounds far above the real cost (0.2 and 40 us here), so that a busy machine does not fail them."""
    logs.configure("info", "json", secrets=[TOKEN, KEY], stream=stream)

    def fastest_us(count: int, level: str) -> float:
        rounds = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(count):
                getattr(log, level)("transcript.turn", role="agent", text="That will be $9.05. Cash or credit?", **CALL)
            rounds.append((time.perf_counter() - start) / count * 1e6)
        return min(rounds)

    assert fastest_us(2000, "debug") < 10
    assert fastest_us(500, "info") < 500
