"""What a peer must not do: each violation is answered with its close code, whichever end is ours."""

import pytest
from sockets import ALL, BINARY, CLOSE, CONTINUATION, FAST, LOOPS, PING, TEXT, Heard, Play, opened

pytestmark = LOOPS

FIN = 0x80


VIOLATIONS: dict[str, tuple[int, list[tuple[int, bytes, int]]]] = {
    "a reserved bit": (1002, [(TEXT, b"x", FIN | 0x40)]),
    "a reserved opcode": (1002, [(3, b"x", FIN)]),
    "a reserved control opcode": (1002, [(11, b"", FIN)]),
    "a fragmented ping": (1002, [(PING, b"", 0)]),
    "a long ping": (1002, [(PING, b"p" * 126, FIN)]),
    "a continuation of nothing": (1002, [(CONTINUATION, b"x", FIN)]),
    "a message inside of another": (1002, [(TEXT, b"x", 0), (TEXT, b"y", FIN)]),
    "half a close code": (1002, [(CLOSE, b"\x03", FIN)]),
    "a close code that none may send": (1002, [(CLOSE, (1006).to_bytes(2, "big"), FIN)]),
    "a close code out of range": (1002, [(CLOSE, (999).to_bytes(2, "big"), FIN)]),
    "text that is not UTF-8": (1007, [(TEXT, b"\xff\xfe", FIN)]),
    "half a character in fragments": (1007, [(TEXT, b"\xe2\x82", 0), (CONTINUATION, b"", FIN)]),
    "a long message": (1009, [(TEXT, b"x" * 1001, FIN)]),
    "long binary": (1009, [(BINARY, b"x" * 1001, FIN)]),
    "a message too long in sum": (1009, [(TEXT, b"x" * 600, 0), (CONTINUATION, b"x" * 600, FIN)]),
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_violation_is_answered_with_its_code_and_ends_all(play: Play, kind: str, violation: str) -> None:
    async def story() -> None:
        code, frames = VIOLATIONS[violation]
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            peer.send(TEXT, b"before")
            for opcode, payload, first in frames:
                peer.send(opcode, payload, first=first)
            peer.send(TEXT, b"behind")
            assert await peer.receive_close() == code
            if "plain" in kind:  # the libraries' own codes, and what came before in the same packet may be lost
                peer.drop()
                await heard.close()
                return
            assert await heard.message() == "before"
            assert (await heard.close())[0] == code
            assert heard.waiting == 0
            await peer.ended()

    play(story())


@pytest.mark.parametrize("kind", ALL)
def test_a_wrong_mask(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (ours, peer):
            heard = Heard(ours)
            peer.send(TEXT, b"x", masked=not peer.is_client)
            assert await peer.receive_close() == 1002
            if "plain" in kind:
                peer.drop()
            await heard.close()

    play(story())


@pytest.mark.parametrize("kind", FAST)
def test_a_long_message_is_refused_by_its_head(play: Play, kind: str) -> None:
    async def story() -> None:
        async with opened(kind) as (_, peer):
            mask = 0x80 if peer.is_client else 0
            peer.write(bytes([FIN | TEXT, mask | 127]) + (1 << 40).to_bytes(8, "big"))
            assert await peer.receive_close() == 1009

    play(story())
