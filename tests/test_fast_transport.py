"""What a WebSocket must do, over real sockets: as a server and as a client, the fast and the plain way."""

import asyncio

import pytest
from sockets import (
    ALL,
    BINARY,
    CLOSE,
    CONTINUATION,
    FAST,
    LOOPS,
    PING,
    PONG,
    TEXT,
    Heard,
    Play,
    opened,
)

pytestmark = LOOPS

# -- messages


@pytest.mark.parametrize("kind", ALL)
def test_texts_go_both_ways(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            for text in ("", "hello", "grüezi 📞", "x" * 125, "x" * 126, "x" * 1000):
                peer.send(TEXT, text.encode())
                assert await heard.message() == text
                ours.send(text)
                assert await peer.receive() == (TEXT, text.encode())

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_a_long_text_of_ours_has_a_long_head(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            ours.send("y" * 70_000)
            assert await peer.receive() == (TEXT, b"y" * 70_000)

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_binary_frames_are_delivered_as_bytes(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            peer.send(BINARY, b"\x00\xff")
            assert await heard.message() == b"\x00\xff"

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_fragments_make_one_message_with_control_frames_between_them(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            euro = "€".encode()
            peer.send(TEXT, b"one" + euro[:1], first=0)
            peer.send(PING, b"between")
            peer.send(CONTINUATION, b"", first=0)
            peer.send(CONTINUATION, euro[1:] + b"two")
            peer.send(BINARY, b"1", first=0)
            peer.send(CONTINUATION, b"2")
            peer.send(TEXT, b"next")
            assert [await heard.message() for _ in range(3)] == ["one€two", b"12", "next"]
            assert await peer.receive() == (PONG, b"between")

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_a_stream_cut_anywhere_gives_the_same_messages(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            stream = b"".join(peer.frame(TEXT, text) for text in (b"a", b"b" * 200, b"", b"c"))
            for at in range(len(stream)):
                ours.data_received(stream[at : at + 1])  # type: ignore[attr-defined]
            ours.data_received(stream[:9])  # type: ignore[attr-defined]
            ours.data_received(stream[9:])  # type: ignore[attr-defined]
            for _ in range(2):
                assert [await heard.message() for _ in range(4)] == ["a", "b" * 200, "", "c"]

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_messages_wait_until_somebody_starts_and_while_parked(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            peer.send(TEXT, b"1")
            await asyncio.sleep(0.05)
            first = Heard(ours)
            assert await first.message() == "1"
            ours.park()
            peer.send(TEXT, b"2")
            peer.send(TEXT, b"3")
            await asyncio.sleep(0.05)
            second = Heard(ours)
            assert [await second.message(), await second.message()] == ["2", "3"]
            assert first.waiting == 0

    play(story())


# -- control frames and the end


@pytest.mark.parametrize("kind", ALL)
def test_pings_are_answered_with_what_they_brought(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (_, peer):
            for payload in (b"", b"are you there", b"p" * 125):
                peer.send(PING, payload)
                assert await peer.receive() == (PONG, payload)
            peer.send(PONG, b"nobody asked")
            peer.send(PING, b"still there")
            assert await peer.receive() == (PONG, b"still there")

    play(story())


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(("code", "reason"), [(1000, "bye"), (1001, ""), (4999, "r" * 123), (None, "")])
def test_the_peer_closes(play: Play, kind: str, code: int | None, reason: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            peer.send(TEXT, b"last words")
            peer.send(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason.encode())
            assert await peer.receive_close() == (code or 1005)
            if kind == "plain client":
                peer.drop()  # it does not take a close for one before the connection is gone
            assert await heard.message() == "last words"
            assert await heard.close() == (code or 1005, reason)
            ours.send("too late")
            ours.close(1000, "again")
            await asyncio.sleep(0.02)
            assert len(heard.closes) == 1

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_we_close_behind_all_that_was_sent(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            for number in range(50):
                ours.send(str(number))
            ours.close(1013, "the model is away")
            ours.send("never sent")
            ours.close(1000, "never said")
            for number in range(50):
                assert await peer.receive() == (TEXT, str(number).encode())
            opcode, payload = await peer.receive()
            assert (opcode, payload) == (CLOSE, (1013).to_bytes(2, "big") + b"the model is away")
            peer.send(CLOSE, payload)
            assert (await heard.close())[0] == 1013
            if "server" in kind:
                await peer.ended()

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_a_peer_that_does_not_answer_a_close_is_left_within_a_second(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            ours.close(1000, "")
            assert await peer.receive_close() == 1000
            began = asyncio.get_running_loop().time()
            assert await heard.close() == (1000, "")
            await peer.ended()
            assert 0.8 < asyncio.get_running_loop().time() - began < 3

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_a_connection_that_breaks(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            peer.drop()
            code, reason = await heard.close()
            assert (code, reason) == (1006, "") or (kind == "plain server" and code == 1005)
            assert ours.unsent == 0
            ours.send("to nobody")
            ours.resume()
            ours.pause()
            ours.close(1000, "")

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_a_reason_longer_than_a_close_frame_is_cut_between_characters(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            ours.close(1011, "é" * 100)
            assert await peer.receive() == (CLOSE, (1011).to_bytes(2, "big") + ("é" * 61).encode())

    play(story())
