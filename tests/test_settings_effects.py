"""The settings of the server and of its sockets: every one has an effect that can be seen from outside."""

import asyncio
import base64
import os
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from house import house, http, say, until
from served import free_port, served
from signed import CONNECTED, fields, ring, sign, start, twiml, wss
from stage import by_itself, together
from websockets.asyncio.client import connect

PING, CLOSE = 9, 8


# -- the server


@together
async def test_host_and_port() -> None:
    port = free_port()
    async with served(HOST="127.0.0.2", PORT=str(port)), http() as client:
        assert (await client.get(f"http://127.0.0.2:{port}/healthz")).status_code == 200
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.parametrize(
    ("level", "least"), [("debug", "debug"), ("info", "info"), ("warning", "warning"), ("critical", None)]
)
@together
async def test_log_level(level: str, least: str | None) -> None:
    order = ["debug", "info", "warning", "error", "critical"]
    async with served(LOG_LEVEL=level) as server:
        async with http() as client:
            assert (await client.post(f"{server.url}/incoming-call")).status_code == 403
        await server.stop()
    levels = {record["level"] for record in server.log}
    assert all(order.index(one) >= order.index(level) for one in levels)
    assert ("warning" in levels) == (level != "critical"), "a refused signature is a warning"
    assert ("info" in levels) == (level in ("debug", "info"))


@together
async def test_reload() -> None:
    async with served(RELOAD="true") as server:
        await server.event("server.ready", 15)
        (server.folder / "changed.py").write_text("x = 1\n")
        await until(lambda: len(server.events("server.ready")) == 1, 5)
        await asyncio.sleep(1.5)
        (server.folder / "changed.py").write_text("x = 2\n")
        os.utime(server.folder / "changed.py", (time.time() + 5, time.time() + 5))
        await until(lambda: len(server.events("server.ready")) == 2, 15, "the server to start again")
        assert await server.stop() in (0, -15)


@pytest.mark.parametrize("url", ["shop.ngrok.app", "https://shop.ngrok.app"])
@together
async def test_ngrok_url(url: str) -> None:
    async with served(PUBLIC_URL=None, NGROK_URL=url) as server, http() as client:
        form = fields()
        headers = {"X-Twilio-Signature": sign("https://shop.ngrok.app/incoming-call", form)}
        answer = await client.post(f"{server.url}/incoming-call", data=form, headers=headers)
        assert 'url="wss://shop.ngrok.app/media-stream"' in answer.text
        assert 'action="https://shop.ngrok.app/' in answer.text


@together
async def test_limit_concurrency() -> None:
    async with house(limit_concurrency=3) as h, http(h.url) as client:
        assert (await client.get("/healthz")).status_code == 200  # one connection, kept alive
        host, port = h.url.removeprefix("http://").split(":")
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
        assert (await client.get("/healthz")).status_code == 503
        for _, writer in idle:
            writer.close()
        await asyncio.sleep(0.1)
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="TCP_INFO of a listening socket")
@together
async def test_backlog() -> None:
    async with house(backlog=17) as h:
        [listening] = h.server.servers[0].sockets
        info = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        assert struct.unpack_from("I", info, 28)[0] == 17


@pytest.mark.parametrize("seconds", [1, 4])
@together
async def test_timeout_keep_alive(seconds: int) -> None:
    async with house(timeout_keep_alive=seconds) as h:
        host, port = h.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"ok")
        began = time.monotonic()
        assert await asyncio.wait_for(reader.read(), 8) == b""
        assert seconds - 0.3 < time.monotonic() - began < seconds + 1.5
        writer.close()


# -- the sockets


@asynccontextmanager
async def raw_stream(h: Any) -> AsyncIterator[asyncio.StreamReader]:
    """A media stream that was upgraded and then does nothing at all, not even answer a ping."""
    host, port = h.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = base64.b64encode(os.urandom(16)).decode()
    head = "GET /media-stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    head += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nx-twilio-signature: {sign(wss(h))}\r\n\r\n"
    writer.write(head.encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    yield reader
    writer.close()


async def frame(reader: asyncio.StreamReader, timeout_s: float) -> tuple[int, bytes]:
    """The next (short) frame of the server."""
    first, length = await asyncio.wait_for(reader.readexactly(2), timeout_s)
    return first & 15, await reader.readexactly(length)


@together
async def test_ws_ping_interval_and_timeout() -> None:
    async with house(ws_ping_interval=0.4, ws_ping_timeout=0.6) as h, raw_stream(h) as reader:
        began = time.monotonic()
        assert (await frame(reader, 3))[0] == PING
        assert 0.3 < time.monotonic() - began < 1.2
        opcode, why = await frame(reader, 3)
        assert opcode == CLOSE
        assert struct.unpack_from("!H", why)[0] in (1011, 1006)
        assert 0.8 < time.monotonic() - began < 2.5
    async with house(ws_ping_interval=30, ws_ping_timeout=30) as h, raw_stream(h) as reader:
        with pytest.raises(TimeoutError):
            await frame(reader, 2)


@together
async def test_a_model_that_answers_no_ping_is_away() -> None:
    async with house([say("agent-hours")], ws_ping_interval=0.5, ws_ping_timeout=0.7, reconnect_seconds=0.5) as h:
        phone = await h.call()
        h.model.options.refuse_status = 503
        await phone.until_playing()
        h.model.session()._socket.transport.pause_reading()
        began = time.monotonic()
        await phone.over(8)
        assert time.monotonic() - began < 4
        assert (await h.record(phone))["ended_by"] == "model_away"


@pytest.mark.parametrize(("size", "code"), [(50_000, None), (70_000, 1009)])
@together
async def test_ws_max_size(size: int, code: int | None) -> None:
    async with house(ws_max_size=60_000) as h, raw_stream(h) as reader:
        url, headers = h.url.replace("http", "ws") + "/media-stream", {"x-twilio-signature": sign(wss(h))}
        form = fields()
        token = twiml(await ring(h, form)).parameters["token"]
        async with connect(url, additional_headers=headers, compression=None, proxy=None) as socket_:
            await socket_.send(CONNECTED)
            await socket_.send(start(form["CallSid"], token))
            await h.event("call.started")
            await socket_.send("x" * size)
            try:
                await asyncio.wait_for(socket_.wait_closed(), 0.7)
            except TimeoutError:
                assert code is None
            assert socket_.close_code == code
        assert reader


@pytest.mark.parametrize(("queue", "is_read"), [(4, False), (64, True)])
@by_itself
async def test_ws_max_queue(queue: int, is_read: bool) -> None:
    """What the model says before the stream starts waits: so many messages, then it is not read any more."""
    async with house([say("agent-moment")], ws_max_queue=queue) as h:
        phone = await h.phone()
        await phone.ring()
        session = await h.model.opened()
        await until(lambda: any(e["type"] == "session.updated" for _, e in session.sent), 5)
        await asyncio.sleep(0.1)
        for _ in range(40):
            session.wire.send_raw('{"type":"x","padding":"' + "x" * 900_000 + '"}')
        await asyncio.sleep(2)
        assert (session.wire._outbox.qsize() == 0) == is_read
        assert await phone.connect()
        await phone.until_playing()
        assert session.wire._outbox.qsize() == 0
        phone.hang_up()
