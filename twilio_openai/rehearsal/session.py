"""The session's configuration: what `session.update` may say, and how it is merged.

An update is merged deeply, and an update with one fault is dropped whole. The defaults are those seen on the wire,
where the silence that ends a turn is 200 ms, not the 500 ms of the documentation.
"""

import copy
from typing import Any

from twilio_openai.rehearsal.schema import (
    Refused,
    anything,
    choice,
    decimal,
    either,
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

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
TRANSCRIBERS = (
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
)
REASONING_MODELS = ("gpt-realtime-2",)
_EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
_TYPE = {"type": text}

FORMAT = variants(
    "type",
    {
        "audio/pcmu": shape(_TYPE),
        "audio/pcma": shape(_TYPE),
        "audio/pcm": shape({**_TYPE, "rate": integer(24000, 24000)}),
    },
)
TURN_DETECTION = variants(
    "type",
    {
        "server_vad": shape(
            {
                **_TYPE,
                "threshold": decimal(0.0, 1.0),
                "prefix_padding_ms": integer(0),
                "silence_duration_ms": integer(0),
                "idle_timeout_ms": nullable(integer(5000, 30000)),
                "create_response": flag,
                "interrupt_response": flag,
            }
        ),
        "semantic_vad": shape(
            {
                **_TYPE,
                "eagerness": choice("low", "medium", "high", "auto"),
                "create_response": flag,
                "interrupt_response": flag,
            }
        ),
    },
)
TRANSCRIPTION = shape(
    {
        "model": choice(*TRANSCRIBERS),
        "language": nullable(text),
        "languages": listing(text),
        "prompt": nullable(text),
        "keywords": listing(text),
        "delay": choice(*_EFFORTS),
    }
)
VOICE = either(shape({"id": text}, required=("id",)), choice(*VOICES))
OUTPUT_MODALITIES = listing(choice("audio", "text"))
TOOL = variants(
    "type",
    {
        "function": shape(
            {**_TYPE, "name": short_text(64), "description": text, "parameters": mapping}, required=("name",)
        ),
        "mcp": anything,
    },
)
TOOL_CHOICE = either(
    choice("auto", "none", "required"), shape({**_TYPE, "name": text, "server_label": text}, ("type",))
)
MAX_OUTPUT_TOKENS = either(choice("inf"), integer(1, 4096))
REASONING = shape({"effort": choice(*_EFFORTS)})

SESSION = shape(
    {
        "type": choice("realtime"),
        "model": text,
        "output_modalities": OUTPUT_MODALITIES,
        "instructions": text,
        "tools": listing(TOOL),
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": flag,
        "max_output_tokens": MAX_OUTPUT_TOKENS,
        "reasoning": REASONING,
        "tracing": nullable(either(choice("auto"), mapping)),
        "truncation": either(
            choice("auto", "disabled"), shape({**_TYPE, "retention_ratio": decimal(0, 1), "token_limits": mapping})
        ),
        "include": nullable(listing(choice("item.input_audio_transcription.logprobs"))),
        "prompt": nullable(mapping),
        "audio": shape(
            {
                "input": shape(
                    {
                        "format": FORMAT,
                        "noise_reduction": nullable(
                            shape({"type": choice("near_field", "far_field"), "strength": decimal(0, 1)}, ("type",))
                        ),
                        "transcription": nullable(TRANSCRIPTION),
                        "turn_detection": nullable(TURN_DETECTION),
                    }
                ),
                "output": shape({"format": FORMAT, "voice": VOICE, "speed": decimal(0.25, 1.5)}),
            }
        ),
    },
    required=("type",),
)

_SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "server_vad": _SERVER_VAD,
    "semantic_vad": {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True},
}
_PCM = {"type": "audio/pcm", "rate": 24000}


def new(session_id: str, model: str, expires_at: int) -> dict[str, Any]:
    """The session object of `session.created`."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": _PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(_SERVER_VAD),
            },
            "output": {"format": _PCM, "voice": "alloy", "speed": 1.0},
        },
        "include": None,
    }


def updated(session: dict[str, Any], change: Any, has_spoken: bool) -> dict[str, Any]:
    """The session after `session.update`; Refused leaves it as it was. `has_spoken`: assistant audio is present."""
    SESSION(change, "session")
    _check_model(session, change)
    _check_output(session, change, has_spoken)
    _check_transcription(change)
    merged = _merged(session, change)
    transcription = merged["audio"]["input"]["transcription"]
    if transcription:
        merged["audio"]["input"]["transcription"] = {"language": None, "prompt": None} | transcription
    return merged


def _check_model(session: dict[str, Any], change: dict[str, Any]) -> None:
    if change.get("model", session["model"]) != session["model"]:
        raise Refused("invalid_value", "The model of a session cannot be changed.", "session.model")
    if "reasoning" in change and not session["model"].startswith(REASONING_MODELS):
        raise Refused("invalid_value", f"Model {session['model']} does not support reasoning.", "session.reasoning")


def _check_output(session: dict[str, Any], change: dict[str, Any], has_spoken: bool) -> None:
    if len(change.get("output_modalities", ["audio"])) != 1:
        message = "Invalid modalities: ['text', 'audio']. Supported combinations are: ['text'] and ['audio']."
        raise Refused("invalid_value", message, "session.output_modalities")
    voice = session["audio"]["output"]["voice"]
    if has_spoken and change.get("audio", {}).get("output", {}).get("voice", voice) != voice:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Refused("cannot_update_voice", message, "session.audio.output.voice")


def _check_transcription(change: dict[str, Any]) -> None:
    """Which option goes with which transcription model."""
    asked = change.get("audio", {}).get("input", {}).get("transcription") or {}
    model, path = asked.get("model", ""), "session.audio.input.transcription"
    for name in ("keywords", "languages"):
        if name in asked and model not in ("gpt-transcribe", "gpt-live-transcribe"):
            raise Refused("invalid_value", f"'{name}' is not supported by {model}.", f"{path}.{name}")
    if "delay" in asked and model != "gpt-realtime-whisper":
        raise Refused("invalid_value", f"'delay' is not supported by {model}.", f"{path}.delay")
    if asked.get("prompt") and model == "gpt-realtime-whisper":
        raise Refused("invalid_value", f"'prompt' is not supported by {model}.", f"{path}.prompt")


def _merged(old: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Deep merge. An object of another type starts from that type's defaults."""
    result = copy.deepcopy(old)
    for name, value in change.items():
        before = result.get(name)
        if not isinstance(value, dict):
            result[name] = copy.deepcopy(value)
        elif isinstance(before, dict) and before.get("type") == value.get("type", before.get("type")):
            result[name] = _merged(before, value)
        else:
            result[name] = _DEFAULTS.get(value.get("type", ""), {}) | copy.deepcopy(value)
    return result
