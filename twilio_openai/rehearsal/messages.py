"""What a server may say on a media stream, read as strictly as Twilio reads it.

Three shapes are known: media, mark and clear, with exactly the documented fields. Anything else is ignored by
Twilio with a warning: 31950 for a frame that is not text, 31951 for a message that is not one of the three.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

_FIELDS = {
    "media": {"event", "streamSid", "media"},
    "mark": {"event", "streamSid", "mark"},
    "clear": {"event", "streamSid"},
}
_INNER = {"media": "payload", "mark": "name"}
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")


class Malformed(ValueError):
    """A message that is ignored; `code` is Twilio's."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class Media:
    """Audio to play: raw mu-law at 8 kHz."""

    payload: bytes


@dataclass(frozen=True)
class Mark:
    """A name to send back once all audio before it has been played."""

    name: str


@dataclass(frozen=True)
class Clear:
    """Drop what has not been played."""


Message = Media | Mark | Clear


def read(message: str | bytes, stream_sid: str) -> Message:
    """One message from the server; Malformed if Twilio would ignore it."""
    if isinstance(message, bytes):
        raise Malformed(31950, "binary frame")
    event = _fields(message, stream_sid)
    if event["event"] == "clear":
        return Clear()
    value = _inner(event, event["event"])
    return Mark(value) if event["event"] == "mark" else Media(_audio(value))


def _fields(message: str, stream_sid: str) -> dict[str, Any]:
    try:
        event = json.loads(message)
    except ValueError as error:
        raise Malformed(31951, f"not JSON: {error}") from error
    name = event.get("event") if isinstance(event, dict) else None
    if not isinstance(name, str) or name not in _FIELDS:
        raise Malformed(31951, f"unknown event {name!r}")
    if event.keys() != _FIELDS[name]:
        raise Malformed(31951, f"fields of {name}: {sorted(event)}")
    if event["streamSid"] != stream_sid:
        raise Malformed(31951, f"streamSid {event['streamSid']!r} is not {stream_sid}")
    return dict(event)


def _inner(event: dict[str, Any], name: str) -> str:
    """The one field inside of `media` or `mark`."""
    inner, field = event[name], _INNER[name]
    if not isinstance(inner, dict) or inner.keys() != {field}:
        raise Malformed(31951, f"fields inside of {name}: {inner!r:.80}")
    if not isinstance(inner[field], str) or not inner[field]:
        raise Malformed(31951, f"{name}.{field} is {inner[field]!r:.80}")
    return str(inner[field])


def _audio(payload: str) -> bytes:
    try:
        audio = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(31951, f"payload is not base64: {error}") from error
    if _BASE64.fullmatch(audio):
        raise Malformed(31951, "payload is base64 of base64")
    return audio
