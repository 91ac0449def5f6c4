"""Who may come in: Twilio's signature over the public URL, checked with Twilio's own validator.

HTTP: HMAC over the URL as Twilio was told it, and the form. WebSocket: over the `wss://` URL, which Twilio signs with
or without a trailing slash. Whatever is odd about a request (no header, a body that is no form, too much of it) ends
in a refusal.
"""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import ClientDisconnect, HTTPConnection
from twilio.request_validator import RequestValidator

from ..config import Settings
from ..logs import get_logger
from ..public_url import TrustedProxies, public_origin, websocket_origin

MAX_FORM_BYTES = 64 * 1024
"""Twilio's webhooks are about 1 kB."""

HINT = "check TWILIO_AUTH_TOKEN, and that PUBLIC_URL (or NGROK_URL) is the address that Twilio calls"

log = get_logger(__name__)

Form = ImmutableMultiDict[str, str]


class SignatureRefused(Exception):
    """The request was not signed by our Twilio account. The answer is 403, before any upgrade."""


class _Validator(Protocol):
    def validate(self, uri: str, params: Form, signature: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Door:
    """The door of one server."""

    settings: Settings

    def origin(self, connection: HTTPConnection) -> str:
        """The public `https://host[:port]` of this request."""
        peer = connection.client.host if connection.client else None
        proxied = TrustedProxies(self.settings.forwarded_allow_ips).trusts(peer)
        return public_origin(self.settings.origin, connection.scope["scheme"], connection.headers, proxied=proxied)

    async def admit(self, request: Request) -> Form:
        """The form of a webhook (of its query for GET) that Twilio signed.

        Raises:
            SignatureRefused: anybody else's.
        """
        url = _url(self.origin(request), request)
        form = _form(await _body(request))
        self._check(request, [url], form)
        if request.method == "GET":
            form = ImmutableMultiDict(request.query_params.multi_items())
        if form.get("AccountSid") != self.settings.twilio_account_sid or not form.get("CallSid"):
            raise _refused("another account's, or no call's", url)
        return form

    def admit_stream(self, connection: HTTPConnection) -> None:
        """Let a WebSocket upgrade pass that Twilio signed.

        Raises:
            SignatureRefused: anybody else's.
        """
        url = _url(websocket_origin(self.origin(connection)), connection)
        other = url.removesuffix("/") if url.endswith("/") else url + "/"
        self._check(connection, [url, other], ImmutableMultiDict())

    def _check(self, connection: HTTPConnection, urls: list[str], form: Form) -> None:
        signature = connection.headers.get("x-twilio-signature")
        if not signature:
            raise _refused("no x-twilio-signature header", urls[0])
        validator: _Validator = RequestValidator(self.settings.twilio_auth_token)
        try:
            signed = any(validator.validate(url, form, signature) for url in urls)
        except ValueError:  # a Host header that makes no URL
            signed = False
        if not signed:
            raise _refused("the signature does not match", urls[0])


def _refused(reason: str, url: str) -> SignatureRefused:
    log.warning("signature.refused", reason=reason, url=url, hint=HINT)
    return SignatureRefused(reason)


def _url(origin: str, connection: HTTPConnection) -> str:
    """The URL with path and query as they came, never decoded and encoded again."""
    raw_path: bytes = connection.scope.get("raw_path") or connection.scope["path"].encode()
    query: bytes = connection.scope["query_string"]
    return origin + raw_path.decode("latin-1") + ("?" + query.decode("latin-1") if query else "")


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_FORM_BYTES:
                raise _refused("the body is too large for a webhook", request.url.path)
    except ClientDisconnect:
        raise SignatureRefused("the client went away") from None
    return body


def _form(body: bytes) -> Form:
    """The fields of a form body, blank ones kept since they are signed too; a body that is no form has none."""
    try:
        return ImmutableMultiDict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return ImmutableMultiDict()
