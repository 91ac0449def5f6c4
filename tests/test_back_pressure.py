"""Peers that do not answer, do not read or say too much: over real sockets, on every transport."""

import asyncio

import pytest
from sockets import ALL, FAST, LIMITS, LOOPS, PING, PONG, TEXT, Heard, Play, opened

from twilio_openai.services.fast_transport import SocketLimits

pytestmark = LOOPS


@pytest.mark.parametrize("kind", ALL)
def test_a_peer_that_answers_no_ping_is_left(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind, SocketLimits(0.1, 0.2, 1000, 16)) as (ours, peer):
            heard = Heard(ours)
            assert (await peer.receive())[0] == PING
            code, _ = await heard.close()
            assert code == 1006 or "plain" in kind
            assert await peer.receive_close() == 1011

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_a_peer_that_answers_pings_is_kept(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind, SocketLimits(0.05, 0.5, 1000, 16)) as (ours, peer):
            heard = Heard(ours)
            for _ in range(4):
                opcode, payload = await peer.receive()
                assert opcode == PING
                peer.send(PONG, payload)
            assert not heard.closes

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_while_we_do_not_read_a_missing_pong_is_not_held_against_the_peer(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind, SocketLimits(0.05, 0.1, 1000, 16)) as (ours, peer):
            heard = Heard(ours)
            ours.pause()
            _, payload = await peer.receive()
            peer.send(PONG, payload)
            await asyncio.sleep(0.4)
            assert not heard.closes
            ours.resume()
            assert (await peer.receive())[0] == PING

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_unsent_tells_what_a_peer_does_not_read(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            Heard(ours)
            assert ours.unsent == 0
            chunk, count = "z" * 50_000, 400  # 20 MB: more than any kernel buffers
            for _ in range(count):
                ours.send(chunk)
            await asyncio.sleep(0.1)
            assert 1_000_000 < ours.unsent <= count * 50_014
            for _ in range(count):
                assert len((await peer.receive())[1]) == 50_000
            assert ours.unsent == 0

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_a_paused_transport_stops_its_peer_and_loses_nothing(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind, SocketLimits(20, 20, 100_000, 16)) as (ours, peer):
            heard = Heard(ours)
            ours.pause()
            await asyncio.sleep(0.02)
            for number in range(400):  # 20 MB: more than any kernel buffers
                peer.send(TEXT, b"%d" % number + b" " * 50_000)
            await asyncio.sleep(0.1)
            assert heard.waiting < (400 if "plain" in kind else 10)
            ours.resume()
            for number in range(400):
                assert int(await heard.message()) == number

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_parked_messages_are_bounded_by_not_reading_on(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            for number in range(40):
                peer.send(TEXT, str(number).encode())
                await asyncio.sleep(0.005)
            assert len(ours._waiting) == LIMITS.max_waiting
            heard = Heard(ours)
            assert [await heard.message() for _ in range(40)] == [str(number) for number in range(40)]

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_a_peer_that_floods_with_pings_and_reads_nothing_gets_no_more_pongs(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            ours.send("z" * 20_000_000)
            unsent = ours.unsent
            for _ in range(1000):
                peer.send(PING, b"p" * 100)
            peer.send(TEXT, b"done")
            assert await heard.message() == "done"
            assert ours.unsent <= unsent

    play(story())
