"""How a WebSocket to the model is opened, and what is said when it is not."""

import asyncio
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sockets import (
    CLOSE,
    LIMITS,
    LOOPS,
    TEXT,
    WAIT_S,
    Heard,
    Play,
    answer,
    raw_server,
)
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from twilio_openai.services import fast_client, plain_client

pytestmark = LOOPS

CLIENTS = pytest.mark.parametrize("client", [fast_client, plain_client], ids=["fast", "plain"])


@CLIENTS
def test_a_refused_upgrade_tells_its_status(play: Play, client: Any) -> None:
    async def story() -> None:
        reply = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
        async with raw_server(lambda request: reply) as (url, _):
            with pytest.raises(InvalidStatus) as error:
                await client.connect(url, {}, LIMITS, WAIT_S)
            assert error.value.response.status_code == 401

    play(story())


@CLIENTS
@pytest.mark.parametrize("reply", [b"SSH-2.0-nothing\r\n\r\n", b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n", b""])
def test_an_answer_that_is_none(play: Play, client: Any, reply: bytes) -> None:
    async def story() -> None:
        async with raw_server(lambda request: reply) as (url, peers):

            async def drop() -> None:
                peer = await peers.get()
                await asyncio.sleep(0.05)
                peer.drop()

            dropping = asyncio.create_task(drop())
            with pytest.raises((InvalidHandshake, OSError)):
                await client.connect(url, {}, LIMITS, WAIT_S)
            await dropping

    play(story())


@CLIENTS
def test_no_answer_in_time(play: Play, client: Any) -> None:
    async def story() -> None:
        async with raw_server(lambda request: None) as (url, peers):
            with pytest.raises(TimeoutError):
                await client.connect(url, {}, LIMITS, 0.1)
            await (await peers.get()).ended()

    play(story())


@CLIENTS
def test_nobody_there(play: Play, client: Any) -> None:
    async def story() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            await client.connect(f"ws://127.0.0.1:{port}/", {}, LIMITS, WAIT_S)
        with pytest.raises(InvalidURI):
            await client.connect("http://127.0.0.1/", {}, LIMITS, WAIT_S)

    play(story())


@CLIENTS
def test_the_request_has_our_headers_and_offers_no_compression(play: Play, client: Any) -> None:
    async def story() -> None:
        requests: list[bytes] = []

        def reply(request: bytes) -> bytes:
            requests.append(request)
            return answer(request)

        async with raw_server(reply) as (url, _):
            ours = await client.connect(url, {"Authorization": "Bearer k"}, LIMITS, WAIT_S)
            ours.close(1000, "")
            await asyncio.sleep(0.01)
        assert requests[0].startswith(b"GET /v1/realtime?model=m HTTP/1.1\r\n")
        assert b"Authorization: Bearer k\r\n" in requests[0]
        assert b"extensions" not in requests[0].lower()

    play(story())


@CLIENTS
def test_frames_that_come_with_the_answer_are_not_lost(play: Play, client: Any) -> None:
    async def story() -> None:
        async with raw_server(lambda request: answer(request) + b"\x81\x05first\x81\x06sec") as (url, peers):
            ours = await client.connect(url, {}, LIMITS, WAIT_S)
            heard = Heard(ours)
            assert await heard.message() == "first"
            (await peers.get()).write(b"ond")
            assert await heard.message() == "second"

    play(story())


def test_tls_to_a_server_that_is_trusted_and_to_one_that_is_not(
    play: Play, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with raw_server(answer, certificate) as (url, peers):
            fast_client._tls.cache_clear()
            with pytest.raises(OSError, match="certificate"):
                await fast_client.connect(url, {}, LIMITS, WAIT_S)
            fast_client._tls.cache_clear()
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
            ours = await fast_client.connect(url, {}, LIMITS, WAIT_S)
            peer, heard = await peers.get(), Heard(ours)
            for number in range(300):
                ours.send("x" * number)
                peer.send(TEXT, b"y" * number)
            for number in range(300):
                assert await peer.receive() == (TEXT, b"x" * number)
                assert await heard.message() == "y" * number
            ours.close(1000, "")
            assert await peer.receive_close() == 1000
            peer.send(CLOSE, b"")
            assert await heard.close() == (1000, "")

    play(story())
    fast_client._tls.cache_clear()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate of this test")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", *request, *names], check=True, capture_output=True)
    return cert, key
