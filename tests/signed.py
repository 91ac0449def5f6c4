"""What Twilio sends at the door, one piece at a time: signed webhooks, upgrades and the first messages of a stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
from house import House, http, until
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from twilio_openai.rehearsal.phone import ACCOUNT_SID, AUTH_TOKEN
from twilio_openai.rehearsal.twiml import Document, parse
from twilio_openai.rehearsal.webhooks import sid

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def fields(call_sid: str | None = None, **changes: str) -> dict[str, str]:
    given = {"CallSid": call_sid or sid("CA"), "AccountSid": ACCOUNT_SID, "CallStatus": "ringing"}
    return given | {"From": "+15550001111", "To": "+15550002222", "CallerName": ""} | changes


def sign(url: str, form: dict[str, str] | None = None, key: str = AUTH_TOKEN) -> str:
    return str(RequestValidator(key).compute_signature(url, form or {}))


async def ask(h: House, url: str, form: dict[str, str], *, method: str = "POST", **headers: str) -> httpx.Response:
    """A request for a public URL, sent to where the server really listens."""
    path = url.partition("://")[2].partition("/")[2]
    async with http(h.url) as client:
        body = urlencode(form).encode() if method == "POST" else None
        return await client.request(method, f"/{path}", content=body, headers={**FORM, **headers})


async def ring(h: House, form: dict[str, str], *, path: str = "/incoming-call", **headers: str) -> httpx.Response:
    """A webhook that Twilio signed for the house's public address."""
    url = f"{h.settings.origin}{path}"
    return await ask(h, url, form, **{"X-Twilio-Signature": sign(url, form), **headers})


def twiml(answer: httpx.Response) -> Document:
    assert answer.status_code == 200, answer.text
    document = parse(answer.text, str(answer.url), 200, answer.headers["content-type"])
    assert document.notices == ()
    return document


def wss(h: House, path: str = "/media-stream") -> str:
    return f"{h.settings.origin}{path}".replace("https", "wss", 1)


@asynccontextmanager
async def upgraded(h: House, signature: str | None, path: str = "/media-stream") -> AsyncIterator[ClientConnection]:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    url = h.url.replace("http", "ws", 1) + path
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as socket:
        yield socket


def start(call_sid: str, token: str | None, account_sid: str = ACCOUNT_SID, **changes: Any) -> str:
    inner: dict[str, Any] = {
        "accountSid": account_sid,
        "streamSid": sid("MZ"),
        "callSid": call_sid,
        "tracks": ["inbound"],
    }
    inner["mediaFormat"] = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    inner["customParameters"] = {} if token is None else {"token": token}
    return json.dumps(
        {"event": "start", "sequenceNumber": "1", "streamSid": inner["streamSid"], "start": inner | changes}
    )


CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


async def closed(h: House, *messages: str | bytes, within_s: float = 2.0) -> int | None:
    """The code with which the server closes a signed stream that says this."""
    async with upgraded(h, sign(wss(h))) as socket:
        for message in messages:
            await socket.send(message)
        async with asyncio.timeout(within_s):
            await socket.wait_closed()
        return socket.close_code


def no_model(h: House) -> bool:
    return not h.model.handshakes


async def dropped(h: House) -> None:
    """No session is left, not even one that was dialled when the phone rang."""
    await until(lambda: all(session.closed_ms for session in h.model.sessions), 2, "the model's sessions to be closed")
