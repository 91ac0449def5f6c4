"""The stand-in tunnel does to a request what ngrok does: it is the call's way in `deploy/check_containers.sh`."""

import asyncio
import importlib.util
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[2] / "deploy" / "tunnel" / "ngrok.py"


def load() -> Any:
    """The program as a module; its name is taken by nothing else."""
    spec = importlib.util.spec_from_file_location("tunnel_program", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ngrok = load()


@asynccontextmanager
async def listening(handle: Any) -> AsyncIterator[int]:
    """A server on 127.0.0.1; its port. It ends when every connection has."""
    serving = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        serving.add(task)
        await handle(reader, writer)
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*serving)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it gets, the head of the request first."""
    while data := await reader.read(1000):
        writer.write(data)
        if b"Connection: close" in data:
            break
    writer.close()


async def exchange(port: int, *lines: str, then: bytes = b"") -> str:
    """One request, more bytes once something has come back, and all that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    came = b""
    async with asyncio.timeout(5):
        if then:
            came += await reader.read(1000)
            writer.write(then)
            came += await reader.read(1000)
        else:
            came += await reader.read()
    writer.close()
    await writer.wait_closed()
    return came.decode()


async def through(host: str, *lines: str, then: bytes = b"") -> str:
    async with listening(echo) as server_port:
        tunnel = ngrok.Tunnel(host, "127.0.0.1", server_port)
        async with listening(ngrok.guarded(ngrok.public_side(tunnel))) as port:
            return await exchange(port, *lines, then=then)


async def test_the_server_sees_where_a_request_came_from() -> None:
    came = await through("a.test", "POST /incoming-call HTTP/1.1", "Host: a.test", "X-Twilio-Signature: s")
    request, *fields = came.strip().split("\r\n")
    assert request == "POST /incoming-call HTTP/1.1"
    assert "Host: a.test" in fields
    assert "X-Twilio-Signature: s" in fields
    assert fields[-3:] == ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: a.test"]


async def test_what_the_caller_claims_about_forwarding_is_dropped() -> None:
    forged = ["x-forwarded-for: 6.6.6.6", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: http"]
    came = await through("a.test", "GET / HTTP/1.1", "Host: a.test", *forged)
    assert "6.6.6.6" not in came
    assert "evil.test" not in came
    assert came.count("X-Forwarded-Proto") == 1


async def test_a_websocket_stays_open_both_ways() -> None:
    upgrade = ["Connection: Upgrade", "Upgrade: websocket"]
    came = await through("a.test", "GET /media-stream HTTP/1.1", "Host: a.test", *upgrade, then=b"a frame")
    assert "Connection: Upgrade" in came
    assert came.endswith("a frame")


async def test_another_host_name_reaches_nobody() -> None:
    assert (await through("a.test", "GET / HTTP/1.1", "Host: b.test")).startswith("HTTP/1.1 404")


async def test_a_server_that_is_down_is_a_bad_gateway() -> None:
    async with listening(echo) as closed:
        pass
    tunnel = ngrok.Tunnel("a.test", "127.0.0.1", closed)
    async with listening(ngrok.guarded(ngrok.public_side(tunnel))) as port:
        assert (await exchange(port, "GET / HTTP/1.1", "Host: a.test")).startswith("HTTP/1.1 502")


async def test_the_local_api_tells_the_public_address() -> None:
    tunnel = ngrok.Tunnel("a.test", "server", 5001)
    async with listening(ngrok.guarded(ngrok.api_side(tunnel))) as port:
        answer = await exchange(port, "GET /api/tunnels HTTP/1.1", "Host: 127.0.0.1")
    listed = json.loads(answer.partition("\r\n\r\n")[2])["tunnels"]
    assert [one["public_url"] for one in listed] == ["https://a.test"]


def test_the_name_is_random_unless_a_url_is_given() -> None:
    hosts = {ngrok.tunnel_of(["http", "server:5001"]).host for _ in range(3)}
    assert len(hosts) == 3
    for url in ("https://mine.test", "mine.test", "https://mine.test/"):
        tunnel = ngrok.tunnel_of(["http", "server:5001", "--config", "c", "--log", "stdout", "--url", url])
        assert tunnel == ngrok.Tunnel("mine.test", "server", 5001)


@pytest.mark.parametrize("arguments", [[], ["tcp", "server:1"], ["http", "5001"], ["http", "server:5001", "--url", ""]])
def test_a_wrong_command_line_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ngrok.tunnel_of(arguments)
    assert ended.value.code == 2
