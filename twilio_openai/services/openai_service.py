"""The model: a Realtime session, configured and confirmed, or a clear reason why there is none.

Facts behind it: the key and the model are checked after the upgrade, in an `error` event followed by a close; a
refused `session.update` is dropped whole, so nothing is said before `session.updated` came back.
"""

import asyncio
import datetime
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from ..adapters.manner import Manner
from ..adapters.twilio_openai_adapter import REFUSING_CLOSE_CODES
from ..config import Settings
from ..errors import ModelRefused, ModelUnavailable
from ..logs import get_logger
from ..protocols import openai_realtime as realtime
from ..protocols.message import MalformedMessage
from . import fast_client, plain_client
from .fast_transport import SocketLimits
from .transport import ParkedTransport, SocketClosed, expect

ANSWER_TIMEOUT_S = 5.0
"""How long each step of opening a session may take."""

FIRST_RETRY_S = 0.25
REFUSING_STATUS = frozenset({400, 401, 403, 404})

log = get_logger(__name__)


def realtime_url(settings: Settings) -> str:
    """The Realtime socket below `OPENAI_BASE_URL`: http becomes ws, https becomes wss."""
    base = settings.openai_base_url.rstrip("/").replace("http", "ws", 1)
    return f"{base}/realtime?model={quote(settings.openai_model)}"


def instructions(settings: Settings) -> str:
    """The system prompt, with what a phone agent cannot know by itself."""
    if settings.prompt_file:
        prompt = settings.prompt_file.read_text(encoding="utf-8")
    else:
        prompt = files("twilio_openai").joinpath("prompts/system_prompt.md").read_text(encoding="utf-8")
    today = f"Today is {datetime.datetime.now().astimezone():%A, %d %B %Y}."
    language = f"Speak {settings.language} unless the caller speaks another language." if settings.language else ""
    return "\n\n".join(filter(None, (prompt.strip(), today, language)))


def turn_detection(settings: Settings, *, answering: bool) -> dict[str, Any]:
    """How the model finds the caller's turns; while not `answering` it neither answers nor stops by itself."""
    flags = {"create_response": answering, "interrupt_response": answering}
    if settings.vad_mode == "semantic_vad":
        return {"type": "semantic_vad", "eagerness": "auto", **flags}
    return {
        "type": "server_vad",
        "threshold": settings.vad_threshold,
        "prefix_padding_ms": settings.vad_prefix_ms,
        "silence_duration_ms": settings.vad_silence_ms,
        **flags,
    }


def session(settings: Settings, tools: list[dict[str, Any]]) -> dict[str, Any]:
    """The session that we ask for: μ-law both ways, so that no audio is ever transcoded."""
    transcription = {"model": settings.openai_transcription_model}
    if settings.language:
        transcription["language"] = settings.language[:2].lower()
    noise = None if settings.noise_reduction == "none" else {"type": settings.noise_reduction}
    return {
        "output_modalities": ["audio"],
        "instructions": instructions(settings),
        "tools": tools,
        "tool_choice": "auto",
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "noise_reduction": noise,
                "transcription": transcription,
                "turn_detection": turn_detection(settings, answering=settings.greeting_interruptible),
            },
            "output": {"format": {"type": "audio/pcmu"}, "voice": settings.openai_voice},
        },
    }


def manner(settings: Settings) -> Manner:
    """How the adapter behaves with a session of these settings."""
    protected = {"audio": {"input": {"turn_detection": turn_detection(settings, answering=True)}}}
    return Manner(
        greeting=f"{instructions(settings)}\n\nThe caller has just been connected. Greet them: {settings.greeting}",
        prompt=instructions(settings),
        after_greeting=None if settings.greeting_interruptible else protected,
        speech_padding_ms=settings.vad_prefix_ms if settings.vad_mode == "server_vad" else 0,
        silence_ms=settings.vad_silence_ms if settings.vad_mode == "server_vad" else 0,
        max_call_ms=settings.max_call_seconds * 1000,
    )


async def open_session(settings: Settings, tools: list[dict[str, Any]]) -> ParkedTransport:
    """An open session that took our settings, tried again and again for `RECONNECT_SECONDS`.

    Raises:
        ModelRefused: the key, the model or the session was refused.
        ModelUnavailable: there was no session in time.
    """
    deadline = asyncio.get_running_loop().time() + settings.reconnect_seconds
    wait_s = FIRST_RETRY_S
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                return await open_once(settings, tools)
        except ModelRefused:
            raise
        except (ModelUnavailable, TimeoutError) as error:
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= wait_s:
                raise ModelUnavailable(str(error) or "no session in time") from None
            log.warning("model.retrying", reason=str(error), wait_s=wait_s)
        await asyncio.sleep(wait_s)
        wait_s *= 2


async def open_once(settings: Settings, tools: list[dict[str, Any]]) -> ParkedTransport:
    """One attempt at an open session that took our settings.

    Raises:
        ModelRefused, ModelUnavailable: as `open_session`.
    """
    transport = await _dial(settings)
    try:
        await expect(transport, _expecting("session.created"), ANSWER_TIMEOUT_S)
        transport.send(realtime.session_update("session", session(settings, tools)))
        await expect(transport, _expecting("session.updated"), ANSWER_TIMEOUT_S)
    except BaseException as error:
        transport.close(1000, "no session")
        if isinstance(error, SocketClosed):
            refused = error.code in REFUSING_CLOSE_CODES
            raise (ModelRefused if refused else ModelUnavailable)(f"the model's socket was {error}") from None
        if isinstance(error, TimeoutError):
            raise ModelUnavailable("the model did not confirm the session in time") from None
        raise
    return transport


async def _dial(settings: Settings) -> ParkedTransport:
    """The open socket. Compression is never offered: base64 hardly shrinks, and it costs more than all else."""
    url = realtime_url(settings)
    headers = {"Authorization": f"Bearer {settings.openai_api_key}"}
    limits = SocketLimits(
        settings.ws_ping_interval, settings.ws_ping_timeout, settings.ws_max_size, settings.ws_max_queue
    )
    connect = plain_client.connect if plain_client.needs_proxy(url) else fast_client.connect
    try:
        return await connect(url, headers, limits, ANSWER_TIMEOUT_S)
    except InvalidStatus as error:
        refused = error.response.status_code in REFUSING_STATUS
        raise (ModelRefused if refused else ModelUnavailable)(f"HTTP {error.response.status_code}") from None
    except InvalidURI:
        raise ModelRefused("OPENAI_BASE_URL is no address of a Realtime API") from None
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise ModelUnavailable(f"the model cannot be reached: {error}") from None


def _expecting(kind: str) -> Callable[[str | bytes], bool | None]:
    """A reader that waits for one kind of event and takes an `error` for a refusal."""

    def read(message: str | bytes) -> bool | None:
        try:
            event = realtime.parse(message)
        except MalformedMessage:
            return None
        if isinstance(event, realtime.Error):
            raise ModelRefused(f"{event.code}: {event.message}")
        named = isinstance(event, realtime.SessionUpdated) if kind == "session.updated" else None
        return named or (isinstance(event, realtime.Unknown) and event.kind == kind) or None

    return read
