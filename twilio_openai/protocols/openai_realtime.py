"""The OpenAI Realtime API over WebSocket, GA shape: the events that a call needs, read and written.

Read: `parse` gives one of the events below, under their GA and their beta names. What we do not need is `Unknown`.
Written: functions that return the JSON text of one client event; only GA names are sent.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .message import MalformedMessage, read_object, take, take_object, take_or

MAX_SESSION_MS = 24 * 3_600_000

_DELTA_HEADS = (
    '{"type":"response.output_audio.delta"',
    '{"type": "response.output_audio.delta"',
    '{"type":"response.audio.delta"',
)


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    """The session is as we asked. `expires_at` is Unix time in seconds, 0 when not told."""

    expires_at: int


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak, at `audio_start_ms` of the audio appended to this session (padding included)."""

    item_id: str
    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller has been quiet for a while, at `audio_end_ms` of the appended audio (that while included)."""

    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class Committed:
    """What the caller said is an item of the conversation now, behind `previous_item_id` ("" when not told)."""

    item_id: str
    previous_item_id: str


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """An item has its place in the conversation. `call_id` is of a function call's output, else ""."""

    item_id: str
    previous_item_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What the caller said in an item, in words."""

    item_id: str
    transcript: str


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    """What the caller said in an item could not be made out."""

    item_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """The model begins an answer."""

    response_id: str


@dataclass(frozen=True, slots=True)
class OutputItemAdded:
    """The answer has a further item: a spoken message or a function call."""

    response_id: str
    item_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """More audio of an item: base64 of μ-law."""

    response_id: str
    item_id: str
    payload: str


@dataclass(frozen=True, slots=True)
class AudioDone:
    """The item's audio is all there."""

    item_id: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More words of an item; they run ahead of its audio."""

    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class TextDone:
    """All the words that were generated for an item."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class OutputItemDone:
    """An item of the answer is complete, or was cut (`status` incomplete). Function calls carry their arguments."""

    response_id: str
    item_id: str
    kind: str
    status: str
    text: str
    name: str
    call_id: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """The answer has ended. `status`: completed, cancelled, incomplete or failed; `error_code` tells why one failed."""

    response_id: str
    status: str
    error_code: str
    usage: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Error:
    """The API refused something; the session goes on unless a close follows. `event_id` is ours, "" when not told."""

    code: str
    message: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that we have no use for."""

    kind: str


Event = (
    SessionUpdated
    | SpeechStarted
    | SpeechStopped
    | Committed
    | ItemAdded
    | Transcribed
    | TranscriptionFailed
    | ResponseCreated
    | OutputItemAdded
    | AudioDelta
    | AudioDone
    | TextDelta
    | TextDone
    | OutputItemDone
    | ResponseDone
    | Error
    | Unknown
)


def parse(text: str | bytes) -> Event:
    """One message of the API.

    Raises:
        MalformedMessage: it is not as documented.
    """
    message = read_object(text)
    kind = take(message, "type", str)
    reader = _READERS.get(kind)
    return reader(message) if reader else Unknown(kind)


def _session_updated(message: dict[str, Any]) -> Event:
    return SessionUpdated(take_or(take(message, "session", dict), "expires_at", 0))


def _speech_started(message: dict[str, Any]) -> Event:
    return SpeechStarted(take(message, "item_id", str), _ms(message, "audio_start_ms"))


def _ms(message: dict[str, Any], key: str) -> int:
    """A time of the session, which lasts an hour; anything else is no time."""
    return min(max(take_or(message, key, 0), 0), MAX_SESSION_MS)


def _speech_stopped(message: dict[str, Any]) -> Event:
    return SpeechStopped(take_or(message, "item_id", ""), _ms(message, "audio_end_ms"))


def _committed(message: dict[str, Any]) -> Event:
    return Committed(take(message, "item_id", str), take_or(message, "previous_item_id", ""))


def _item_added(message: dict[str, Any]) -> Event:
    item = take(message, "item", dict)
    call_id = take_or(item, "call_id", "") if item.get("type") == "function_call_output" else ""
    return ItemAdded(take(item, "id", str), take_or(message, "previous_item_id", ""), call_id)


def _transcribed(message: dict[str, Any]) -> Event:
    return Transcribed(take(message, "item_id", str), take(message, "transcript", str).strip())


def _transcription_failed(message: dict[str, Any]) -> Event:
    error = take_object(message, "error")
    return TranscriptionFailed(take(message, "item_id", str), take_or(error, "message", "no reason given"))


def _response_created(message: dict[str, Any]) -> Event:
    return ResponseCreated(take(take(message, "response", dict), "id", str))


def _output_item_added(message: dict[str, Any]) -> Event:
    item = take(message, "item", dict)
    return OutputItemAdded(take_or(message, "response_id", ""), take(item, "id", str), take_or(item, "type", ""))


def _audio_delta(message: dict[str, Any]) -> Event:
    payload = take(message, "delta", str)
    if '"' in payload or "\\" in payload:
        raise MalformedMessage("an audio delta that is not base64")
    return AudioDelta(take_or(message, "response_id", ""), take(message, "item_id", str), payload)


def _audio_done(message: dict[str, Any]) -> Event:
    return AudioDone(take(message, "item_id", str))


def _text_delta(message: dict[str, Any]) -> Event:
    return TextDelta(take(message, "item_id", str), take(message, "delta", str))


def _text_done(message: dict[str, Any]) -> Event:
    return TextDone(take(message, "item_id", str), take(message, "transcript", str))


def _output_item_done(message: dict[str, Any]) -> Event:
    item = take(message, "item", dict)
    return OutputItemDone(
        response_id=take_or(message, "response_id", ""),
        item_id=take(item, "id", str),
        kind=take_or(item, "type", ""),
        status=take_or(item, "status", "completed"),
        text=_text(take_or(item, "content", [])),
        name=take_or(item, "name", ""),
        call_id=take_or(item, "call_id", ""),
        arguments=take_or(item, "arguments", ""),
    )


def _text(content: list[Any]) -> str:
    """The words of an item's content parts; a part's type is spelt in two ways."""
    parts = [part for part in content if isinstance(part, dict)]
    return " ".join(filter(None, (take_or(part, "transcript", "") or take_or(part, "text", "") for part in parts)))


def _response_done(message: dict[str, Any]) -> Event:
    response = take(message, "response", dict)
    details = take_object(response, "status_details")
    error = take_object(details, "error")
    return ResponseDone(
        response_id=take(response, "id", str),
        status=take_or(response, "status", "completed"),
        error_code=take_or(error, "code", "") or take_or(error, "type", ""),
        usage=take_object(response, "usage"),
    )


def _error(message: dict[str, Any]) -> Event:
    error = take(message, "error", dict)
    return Error(
        take_or(error, "code", "") or take_or(error, "type", ""),
        take_or(error, "message", ""),
        take_or(error, "event_id", ""),
    )


_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "session.updated": _session_updated,
    "input_audio_buffer.speech_started": _speech_started,
    "input_audio_buffer.speech_stopped": _speech_stopped,
    "input_audio_buffer.committed": _committed,
    "conversation.item.added": _item_added,
    "conversation.item.created": _item_added,  # beta
    "conversation.item.input_audio_transcription.completed": _transcribed,
    "conversation.item.input_audio_transcription.failed": _transcription_failed,
    "response.created": _response_created,
    "response.output_item.added": _output_item_added,
    "response.output_audio.delta": _audio_delta,
    "response.audio.delta": _audio_delta,  # beta
    "response.output_audio.done": _audio_done,
    "response.audio.done": _audio_done,  # beta
    "response.output_audio_transcript.delta": _text_delta,
    "response.audio_transcript.delta": _text_delta,  # beta
    "response.output_audio_transcript.done": _text_done,
    "response.audio_transcript.done": _text_done,  # beta
    "response.output_item.done": _output_item_done,
    "response.done": _response_done,
    "error": _error,
}


def audio_delta(text: str) -> AudioDelta | None:
    """An audio delta of exactly the API's shape, cut out of its text; None for any other message."""
    if not text.startswith(_DELTA_HEADS):
        return None
    item_id, payload = _cut(text, '"item_id":'), _cut(text, '"delta":')
    if not item_id or not payload or "\\" in payload:
        return None
    return AudioDelta(_cut(text, '"response_id":'), item_id, payload)


def _cut(text: str, key: str) -> str:
    """The string value behind a key, "" when it is not there. Base64 has no quotes, so none is found inside of it."""
    at = text.find(key)
    if at < 0:
        return ""
    start = at + len(key)
    start += text.startswith(" ", start)
    if not text.startswith('"', start):
        return ""
    return text[start + 1 : text.find('"', start + 1)]


APPEND_HEAD = '{"type":"input_audio_buffer.append","audio":"'
APPEND_TAIL = '"}'


def append_audio(payload: str) -> str:
    """More of the caller's audio: base64 of μ-law."""
    return APPEND_HEAD + payload + APPEND_TAIL


def commit_audio() -> str:
    """Make an item of what the caller has said so far."""
    return '{"type":"input_audio_buffer.commit"}'


def session_update(event_id: str, session: dict[str, Any]) -> str:
    """Ask for a session as in `session`; a refused one is dropped whole, so wait for `SessionUpdated`."""
    return _event("session.update", event_id=event_id, session={"type": "realtime", **session})


def create_response(event_id: str, instructions: str | None = None) -> str:
    """Ask for an answer. `instructions` replace the session's for this answer only."""
    response = {"response": {"instructions": instructions}} if instructions else {}
    return _event("response.create", event_id=event_id, **response)


def cancel_response(event_id: str, response_id: str) -> str:
    """Stop an answer."""
    return _event("response.cancel", event_id=event_id, response_id=response_id)


def truncate(event_id: str, item_id: str, audio_end_ms: int) -> str:
    """Tell the model that only so much of an item's audio was heard."""
    return _event(
        "conversation.item.truncate", event_id=event_id, item_id=item_id, content_index=0, audio_end_ms=audio_end_ms
    )


def delete_item(event_id: str, item_id: str) -> str:
    """Take an item that was never heard out of the conversation."""
    return _event("conversation.item.delete", event_id=event_id, item_id=item_id)


def tool_output(event_id: str, call_id: str, output: str) -> str:
    """Answer a function call."""
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return _event("conversation.item.create", event_id=event_id, item=item)


def user_text(event_id: str, item_id: str, text: str) -> str:
    """Something that the caller told us without words, as an item of theirs."""
    item = {"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return _event("conversation.item.create", event_id=event_id, item=item)


def assistant_text(event_id: str, text: str) -> str:
    """Something that the agent said in an earlier session. (The API takes no audio of the agent's.)"""
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    return _event("conversation.item.create", event_id=event_id, item=item)


def system_text(event_id: str, text: str) -> str:
    """Something that the model should know."""
    item = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": text}]}
    return _event("conversation.item.create", event_id=event_id, item=item)


def _event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields}, separators=(",", ":"))
