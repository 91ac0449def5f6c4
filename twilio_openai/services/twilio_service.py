"""Twilio: the media stream at its beginning, and the REST API for what only it can do."""

import asyncio
from dataclasses import dataclass
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from ..config import Settings
from ..errors import CallerProtocolError
from ..protocols import twilio_media as twilio
from ..protocols.message import MalformedMessage
from .transport import ParkedTransport, SocketClosed, expect

START_TIMEOUT_S = 5.0
REST_TIMEOUT_S = 10.0
TWILIO_API = "https://api.twilio.com"


async def read_start(transport: ParkedTransport, account_sid: str) -> twilio.Start:
    """The stream's `start`, which must come behind `connected`, in time, for our account and in μ-law at 8 kHz.

    Raises:
        CallerProtocolError: anything else came, or nothing.
    """
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await expect(transport, _read_connected, START_TIMEOUT_S)
            start = await expect(transport, _read_start, START_TIMEOUT_S)
    except (TimeoutError, SocketClosed) as error:
        raise CallerProtocolError(f"the stream did not start: {error or 'nothing came in time'}") from None
    if (start.encoding, start.sample_rate) != ("audio/x-mulaw", 8000):
        raise CallerProtocolError(f"the stream is {start.encoding} at {start.sample_rate} Hz, not μ-law at 8000 Hz")
    if start.account_sid and start.account_sid != account_sid:
        raise CallerProtocolError("the stream is another account's")
    return start


def _read_connected(message: str | bytes) -> twilio.Connected:
    event = _parse(message)
    if not isinstance(event, twilio.Connected):
        raise CallerProtocolError("the stream does not begin with `connected`")
    return event


def _read_start(message: str | bytes) -> twilio.Start | None:
    event = _parse(message)
    if isinstance(event, twilio.Start):
        return event
    if isinstance(event, twilio.Unknown):
        return None
    raise CallerProtocolError("the stream does not start after `connected`")


def _parse(message: str | bytes) -> twilio.Event:
    try:
        return twilio.parse(message)
    except MalformedMessage as error:
        raise CallerProtocolError(f"the stream begins with {error}") from None


class TwilioRefused(Exception):
    """Twilio's REST API did not do what we asked; the message says why."""


@dataclass(frozen=True, slots=True)
class TwilioRest:
    """Twilio's REST API for one account, at `TWILIO_API_URL`."""

    settings: Settings

    def warm_up(self) -> None:
        """Load what the first request would load, which takes 50 ms, before there is a call to hold up."""
        Client(self.settings.twilio_account_sid, self.settings.twilio_auth_token).calls("CA")

    async def update_call(self, call_sid: str, **changes: Any) -> None:
        """Change a running call: `status="completed"` ends it, `twiml=...` replaces what it does.

        Raises:
            TwilioRefused: Twilio could not be reached, or said no (a call that is over, for instance).
        """
        async with _HttpClient(self.settings.twilio_api_url) as http:
            client = Client(self.settings.twilio_account_sid, self.settings.twilio_auth_token, http_client=http)
            try:
                await client.calls(call_sid).update_async(**changes)
            except (TwilioException, OSError, TimeoutError) as error:
                raise TwilioRefused(getattr(error, "msg", None) or str(error) or type(error).__name__) from None


class _HttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # twilio has no types
    """Twilio's client with a time limit, and with its API at an address of our choice."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=REST_TIMEOUT_S)
        self._base_url = base_url

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        return await super().request(method, url.replace(TWILIO_API, self._base_url, 1), *args, **kwargs)
