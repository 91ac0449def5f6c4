"""μ-law arithmetic (G.711, 8 kHz, mono): 8 bytes are one millisecond. Audio is never transcoded on its way through."""

from base64 import b64encode

BYTES_PER_MS = 8
FRAME_MS = 20
"""Twilio's frames; not contractual, so sizes are always taken from the payload."""

SILENCE = b"\xff"
"""The μ-law byte of digital zero. A zero byte would be a loud click."""


def payload_bytes(payload: str) -> int:
    """Size in bytes of base64 text, without decoding it."""
    return len(payload) * 3 // 4 - payload.count("=", -2)


def ms(size_bytes: float) -> float:
    """How long so many bytes play, in milliseconds."""
    return size_bytes / BYTES_PER_MS


def silence_payload(duration_ms: int) -> str:
    """Base64 of so many milliseconds of silence."""
    return b64encode(SILENCE * (duration_ms * BYTES_PER_MS)).decode("ascii")
