"""Twilio's requests to the server: signed over the public address, sent to the one at which the server is dialled."""

import hashlib
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from twilio_openai.rehearsal import twiml
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.notices import Notice
from twilio_openai.rehearsal.stream import Address
from twilio_openai.rehearsal.twiml import Document

USER_AGENT = "TwilioProxy/1.1"
DEADLINE_SECONDS = 15.0
AUTH_TOKEN = "rehearsal-auth-token"
SIGNED = "signed"
"""Stands for the true signature wherever another one, or none (None), may be given."""


@dataclass(frozen=True)
class Request:
    """One request that was made, and its answer."""

    at_ms: float
    method: str
    url: str
    fields: dict[str, str]
    status: int
    body: str


@dataclass
class Webhooks:
    """`public_url` is the origin that Twilio knows; `server` the one that is really dialled."""

    server: str
    public_url: str
    auth_token: str
    log: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._validator = RequestValidator(self.auth_token)
        self._session: aiohttp.ClientSession | None = None

    def signature(self, url: str, fields: dict[str, str]) -> str:
        """Twilio's signature of a request; a stream is signed over its `wss` address and no fields.

        Twilio leaves user, password and port of a secure address out of what it signs.
        """
        parts = urlsplit(url)
        signed = parts._replace(netloc=parts.hostname or "").geturl() if parts.scheme in ("https", "wss") else url
        return str(self._validator.compute_signature(signed, fields))

    def absolute(self, url: str) -> str:
        """An address as Twilio would call it."""
        return urljoin(self.public_url + "/", url)

    async def ask(
        self,
        url: str,
        fields: dict[str, str],
        method: str = "POST",
        signature: str | None = SIGNED,
        repeats: str | None = None,
    ) -> Document:
        """Request TwiML. Deliveries with the same `repeats` are repetitions of one request."""
        get = method == "GET"
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}" if get else url
        if signature == SIGNED:
            signature = self.signature(url, {} if get else fields)
        headers = {"I-Twilio-Idempotency-Token": _token(repeats), "Host": _host(url)}
        headers |= {"X-Twilio-Signature": signature} if signature is not None else {}
        status, body, content_type = await self._request(method, url, None if get else urlencode(fields), headers)
        self.log.append(Request(now_ms(), method, url, fields, status, body))
        if status == 0:
            return Document(url, status, notices=(Notice(11205, body),))
        return twiml.parse(body, url, status, content_type)

    async def _request(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> tuple[int, str, str]:
        """Status, body and content type; status 0 and the reason if there was no answer."""
        if not self._session:
            agent = {"User-Agent": USER_AGENT, "Accept": "*/*"}
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(DEADLINE_SECONDS), headers=agent)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        try:
            target = URL(self._dialled(url), encoded=True)
            async with self._session.request(
                method, target, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, await answer.text(), answer.headers.get("Content-Type", "")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return 0, f"{type(error).__name__}: {error}", ""

    def _dialled(self, url: str) -> str:
        """The address at which the server behind a public one is found; ValueError if it is another host's."""
        public, parts = urlsplit(self.public_url), urlsplit(url)
        if parts.hostname != public.hostname:
            raise ValueError(f"nobody answers at {parts.netloc}")
        return urlsplit(self.server)._replace(path=parts.path, query=parts.query).geturl()

    def address(self, url: str) -> Address | None:
        """Where the socket of a stream is dialled; None if nobody is there."""
        parts, server = urlsplit(url), urlsplit(self.server)
        if parts.hostname != urlsplit(self.public_url).hostname:
            return None
        tls = server.scheme == "https"
        uri = parts._replace(scheme="wss" if tls else "ws").geturl()
        return Address(uri, server.hostname or "127.0.0.1", server.port or (443 if tls else 80))

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None


def _host(url: str) -> str:
    """The Host header of a request to an address."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _token(repeats: str | None) -> str:
    """The idempotency token of a request."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repeats) if repeats else uuid.uuid4())


def sid(prefix: str, *seed: object) -> str:
    """A name as Twilio makes them: two letters and 32 hexadecimal digits; random without a seed."""
    digits = hashlib.md5(repr(seed).encode(), usedforsecurity=False).hexdigest() if seed else uuid.uuid4().hex
    return prefix + digits
