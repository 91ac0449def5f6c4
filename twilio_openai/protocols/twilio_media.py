"""Twilio Media Streams: the messages of a bidirectional stream (JSON text frames, numbers as strings).

    Twilio -> us   Connected, Start, then (Media | Mark | Dtmf)*, then Stop; a closed socket may come in place of Stop
    us -> Twilio   media(), mark(), clear()

Audio is base64 of μ-law, 8 kHz, mono, without a header. Twilio plays what it gets in order, sends a mark's name back
when all media before it has played, and at `clear` drops its buffer and sends every outstanding mark back.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from .message import MalformedMessage, read_object, take, take_object, take_or

MAX_MARK_NAME_BYTES = 63

_MEDIA_HEADS = ('{"event":"media"', '{"event": "media"')
_PAYLOADS = ('"payload":"', '"payload": "')


@dataclass(frozen=True, slots=True)
class Connected:
    """Twilio's first message."""


@dataclass(frozen=True, slots=True)
class Start:
    """The stream's identity, once, right after `Connected`. `parameters` are the TwiML's `<Parameter>`s."""

    stream_sid: str
    call_sid: str
    account_sid: str
    encoding: str
    sample_rate: int
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Media:
    """Some of the caller's audio: base64 of μ-law, usually 20 ms."""

    payload: str


@dataclass(frozen=True, slots=True)
class Mark:
    """All audio before the mark of this name has played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Dtmf:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream is over."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that we do not know: ignored, newer Twilio may send it."""

    event: str


Event = Connected | Start | Media | Mark | Dtmf | Stop | Unknown


def parse(text: str | bytes) -> Event:
    """One message from Twilio.

    Raises:
        MalformedMessage: it is not as documented.
    """
    message = read_object(text)
    event = take(message, "event", str)
    match event:
        case "media":
            return Media(take(take(message, "media", dict), "payload", str))
        case "mark":
            return Mark(take(take(message, "mark", dict), "name", str))
        case "dtmf":
            return Dtmf(_digit(take(take(message, "dtmf", dict), "digit", str)))
        case "start":
            return _start(take(message, "start", dict))
        case "connected":
            return Connected()
        case "stop":
            return Stop()
    return Unknown(event)


def _start(start: dict[str, Any]) -> Start:
    media_format = take_object(start, "mediaFormat")
    parameters = {name: str(value) for name, value in take_object(start, "customParameters").items()}
    return Start(
        stream_sid=take(start, "streamSid", str),
        call_sid=take(start, "callSid", str),
        account_sid=take_or(start, "accountSid", ""),
        encoding=take_or(media_format, "encoding", "audio/x-mulaw"),
        sample_rate=take_or(media_format, "sampleRate", 8000),
        parameters=parameters,
    )


def _digit(digit: str) -> str:
    if digit not in set("0123456789*#ABCDabcd"):
        raise MalformedMessage(f"{digit[:8]!r} is no key of a telephone")
    return digit


def media_payload(text: str) -> str | None:
    """The base64 of a media message of exactly Twilio's shape, cut out of its text; None for any other message."""
    if not text.startswith(_MEDIA_HEADS):
        return None
    for opening in _PAYLOADS:
        start = text.find(opening)
        if start > 0:
            start += len(opening)
            end = text.find('"', start)
            return text[start:end] if end > start else None
    return None


def media_head(stream_sid: str) -> str:
    """What stands before the base64 in a media message to this stream; `MEDIA_TAIL` stands behind it."""
    return f'{{"event":"media","streamSid":{json.dumps(stream_sid)},"media":{{"payload":"'


MEDIA_TAIL = '"}}'


def mark(stream_sid: str, name: str) -> str:
    """A mark behind all media sent so far. The name must be shorter than 64 bytes."""
    return f'{{"event":"mark","streamSid":{json.dumps(stream_sid)},"mark":{{"name":"{name}"}}}}'


def clear(stream_sid: str) -> str:
    """Drop all audio that has not played."""
    return f'{{"event":"clear","streamSid":{json.dumps(stream_sid)}}}'
