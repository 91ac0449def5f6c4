"""The eleven events a client may send, and what each may hold."""

import json
from typing import Any

from twilio_openai.rehearsal.schema import (
    Refused,
    Rule,
    anything,
    choice,
    flag,
    integer,
    listing,
    mapping,
    nullable,
    shape,
    short_text,
    text,
    variants,
)
from twilio_openai.rehearsal.session import (
    FORMAT,
    MAX_OUTPUT_TOKENS,
    OUTPUT_MODALITIES,
    REASONING,
    TOOL,
    TOOL_CHOICE,
    VOICE,
)

_EVENT: dict[str, Rule] = {"type": text, "event_id": nullable(short_text(512))}
_ITEM: dict[str, Rule] = {
    "id": short_text(64),
    "type": text,
    "object": choice("realtime.item"),
    "status": choice("completed", "incomplete", "in_progress"),
}


def _event(required: tuple[str, ...] = (), /, **fields: Rule) -> Rule:
    return shape({**_EVENT, **fields}, required)


def _message(role: str, *content: str) -> Rule:
    part = variants("type", {name: _CONTENT[name] for name in content})
    return shape({**_ITEM, "role": choice(role), "content": listing(part)}, ("content",))


_CONTENT: dict[str, Rule] = {
    "input_text": shape({"type": text, "text": text}, ("text",)),
    "output_text": shape({"type": text, "text": text}, ("text",)),
    "input_audio": shape({"type": text, "audio": text, "transcript": nullable(text)}, ("audio",)),
    "input_image": shape({"type": text, "image_url": text, "detail": text}, ("image_url",)),
}
_MESSAGES = variants(
    "role",
    {
        "system": _message("system", "input_text"),
        "user": _message("user", "input_text", "input_audio", "input_image"),
        "assistant": _message("assistant", "output_text"),
    },
)
ITEM = variants(
    "type",
    {
        "message": _MESSAGES,
        "function_call": shape({**_ITEM, "name": text, "call_id": text, "arguments": text}, ("name", "arguments")),
        "function_call_output": shape({**_ITEM, "call_id": text, "output": text}, ("call_id", "output")),
        "mcp_approval_response": anything,
    },
)
RESPONSE = shape(
    {
        "conversation": choice("auto", "none"),
        "input": listing(anything),
        "instructions": text,
        "tools": listing(TOOL),
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": flag,
        "output_modalities": OUTPUT_MODALITIES,
        "audio": shape({"output": shape({"format": FORMAT, "voice": VOICE})}),
        "max_output_tokens": MAX_OUTPUT_TOKENS,
        "metadata": nullable(mapping),
        "reasoning": REASONING,
        "prompt": nullable(mapping),
    }
)

EVENTS: dict[str, Rule] = {
    "session.update": _event(("session",), session=mapping),
    "input_audio_buffer.append": _event(("audio",), audio=text),
    "input_audio_buffer.commit": _event(),
    "input_audio_buffer.clear": _event(),
    "conversation.item.create": _event(("item",), item=ITEM, previous_item_id=nullable(text)),
    "conversation.item.retrieve": _event(("item_id",), item_id=text),
    "conversation.item.truncate": _event(
        ("item_id", "content_index", "audio_end_ms"), item_id=text, content_index=integer(0, 0), audio_end_ms=integer(0)
    ),
    "conversation.item.delete": _event(("item_id",), item_id=text),
    "response.create": _event(response=RESPONSE),
    "response.cancel": _event(response_id=text),
}


def read(message: str | bytes) -> dict[str, Any]:
    """A client's event; Refused if a frame is none."""
    if isinstance(message, bytes):
        raise Refused("invalid_event", "Expected a text frame, but got a binary one.")
    try:
        event = json.loads(message)
    except ValueError as error:
        raise Refused("invalid_json", f"The event is not valid JSON: {error}") from error
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise Refused("invalid_event", "The event has no type.", "type")
    return event


def check(event: dict[str, Any]) -> None:
    """Refused if the event is unknown or ill-formed."""
    choice(*EVENTS)(event["type"], "type")
    EVENTS[event["type"]](event, "")
