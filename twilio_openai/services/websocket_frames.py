"""WebSocket frames (RFC 6455), without input or output: bytes in, messages out, and frames to send.

Rules of reading, by the close code that breaking them brings:

- 1002: reserved bits and opcodes; a wrong mask (clients mask, servers do not); control frames that are fragmented or
  longer than 125 bytes; a continuation of nothing, or a new message inside of another; a close frame without sense.
- 1007: text, or the reason of a close, that is not UTF-8.
- 1009: a message longer than the limit. It is refused when its head says so, before its body is taken in.

Control frames may stand between the fragments of a message. Extensions are never negotiated.
"""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled part for this platform
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NO_CODE = 1005
"""Stands for the code of a close frame that has none."""

_FINAL = 0x80
_MASKED = 0x80
_WHOLE_TEXT = _FINAL | TEXT
_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})


class FrameError(Exception):
    """The peer broke the protocol: close the socket with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class CloseFrame(NamedTuple):
    """Why the peer closes."""

    code: int
    reason: str


Message = tuple[int, str | bytes]
"""An opcode (never CONTINUATION) with its payload: `str` for TEXT, else bytes."""


class FrameReader:
    """One direction of one socket. After a `FrameError` it must not be used again."""

    def __init__(self, max_bytes: int, *, from_client: bool) -> None:
        self._max_bytes = max_bytes
        self._mask_bit = _MASKED if from_client else 0
        self._mask_bytes = 4 if from_client else 0
        self._rest = bytearray()
        self._needed = 0
        self._begun: int | None = None
        self._parts = bytearray()

    def read(self, data: bytes) -> Iterator[Message]:
        """Every message that these bytes complete.

        Raises:
            FrameError: behind the messages that came before the fault.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest.clear()
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            size, body = second & 0x7F, at + 2
            if size > 125:
                body += 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : body], "big")
            if first != _WHOLE_TEXT or size > self._max_bytes or second & _MASKED != self._mask_bit or self._begun:
                self._check(first, second, size)
            at_payload = body + self._mask_bytes
            if end < at_payload + size:
                self._needed = at_payload + size - at
                break
            at = at_payload + size
            payload = data[at_payload:at]
            if self._mask_bytes:
                payload = apply_mask(payload, data[body:at_payload])
            if first == _WHOLE_TEXT:
                yield TEXT, _text(payload)
            else:
                yield from self._unusual(first, payload)
        if at < end:
            self._rest += data[at:]

    def _check(self, first: int, second: int, size: int) -> None:
        opcode = first & 0x0F
        if first & 0x70:
            raise FrameError(1002, "a reserved bit is set")
        if opcode not in _OPCODES:
            raise FrameError(1002, f"opcode {opcode} is reserved")
        if second & _MASKED != self._mask_bit:
            raise FrameError(1002, "a mask from a server, or none from a client")
        if opcode >= CLOSE and (size > 125 or not first & _FINAL):
            raise FrameError(1002, "a control frame is long or fragmented")
        if opcode == CONTINUATION and self._begun is None:
            raise FrameError(1002, "a continuation of nothing")
        if opcode in (TEXT, BINARY) and self._begun is not None:
            raise FrameError(1002, "a message inside of another")
        if opcode < CLOSE and size + len(self._parts) > self._max_bytes:
            raise FrameError(1009, f"longer than {self._max_bytes} bytes")

    def _unusual(self, first: int, payload: bytes) -> Iterator[Message]:
        """What a frame brings that is no whole text: control frames at once, fragments when the last one is there."""
        opcode = first & 0x0F
        if opcode >= CLOSE or first == _FINAL | BINARY:
            yield opcode, payload
            return
        self._begun = self._begun or opcode
        self._parts += payload
        if first & _FINAL:
            whole, kind = bytes(self._parts), self._begun
            self._parts.clear()
            self._begun = None
            yield kind, _text(whole) if kind == TEXT else whole


def read_close(payload: bytes) -> CloseFrame:
    """What a close frame says.

    Raises:
        FrameError: nothing that it may say.
    """
    if not payload:
        return CloseFrame(NO_CODE, "")
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or code not in _CLOSE_CODES:
        raise FrameError(1002, "a close frame with an invalid code")
    return CloseFrame(code, _text(payload[2:]))


def close_payload(code: int, reason: str) -> bytes:
    """The payload of a close frame; the reason is cut at 123 bytes, the code NO_CODE is left out."""
    if code == NO_CODE:
        return b""
    return code.to_bytes(2, "big") + reason.encode()[:123].decode(errors="ignore").encode()


Framer = Callable[[int, bytes], bytes]
"""Makes the frame of an opcode and a payload."""


def server_frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame from a server."""
    return _head(opcode, len(payload), 0) + payload


def client_frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame from a client, masked with a key that nobody can foresee (RFC 6455, section 5.3)."""
    key = next(_KEYS)
    return _head(opcode, len(payload), _MASKED) + key + apply_mask(payload, key)


def _random_keys() -> Iterator[bytes]:
    """Masks, a thousand from each question to the kernel: one by one they cost as much as the rest of a frame."""
    while True:
        pool = os.urandom(4000)
        for at in range(0, 4000, 4):
            yield pool[at : at + 4]


_KEYS = _random_keys()


def _head(opcode: int, size: int, mask_bit: int) -> bytes:
    if size < 126:
        return bytes((_FINAL | opcode, mask_bit | size))
    if size < 0x10000:
        return bytes((_FINAL | opcode, mask_bit | 126, size >> 8, size & 0xFF))
    return bytes((_FINAL | opcode, mask_bit | 127)) + size.to_bytes(8, "big")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise FrameError(1007, "text that is not UTF-8") from None
