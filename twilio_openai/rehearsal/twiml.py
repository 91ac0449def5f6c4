"""TwiML as Twilio reads it: what a document says, and what is wrong with it.

`parse` never raises. A document that Twilio would not run has no verbs and an error notice; one that it would run
in another way than meant has notices beside its verbs. The numbers are Twilio's own error codes.
"""

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

from twilio_openai.rehearsal.notices import Notice

LONGEST_BYTES = 64_000
LONGEST_PARAMETER = 500
CONTENT_TYPES = ("application/xml", "text/xml")

_VERBS = {
    "Connect": {"action", "method"},
    "Dial": {
        "action",
        "method",
        "timeout",
        "timeLimit",
        "callerId",
        "record",
        "answerOnBridge",
        "hangupOnStar",
        "ringTone",
    },
    "Hangup": set[str](),
    "Pause": {"length"},
    "Play": {"loop", "digits"},
    "Redirect": {"method"},
    "Reject": {"reason"},
    "Say": {"voice", "loop", "language"},
    "Start": {"action", "method"},
}
_NOUNS = {
    "Connect": {"Stream"},
    "Start": {"Stream"},
    "Dial": {"Number", "Client", "Sip"},
    "Stream": {"Parameter"},
}
_STREAM = {"url", "name", "track", "statusCallback", "statusCallbackMethod"}
_METHODS = {"GET", "POST"}


@dataclass(frozen=True)
class Verb:
    """One element of a document."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple["Verb", ...] = ()

    def child(self, name: str) -> "Verb | None":
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True)
class Document:
    """What a webhook answered; `url` is the one that it came from."""

    url: str
    status: int = 200
    body: str = ""
    verbs: tuple[Verb, ...] = ()
    notices: tuple[Notice, ...] = ()

    def verb(self, name: str) -> Verb | None:
        """The first verb of that name."""
        return next((verb for verb in self.verbs if verb.name == name), None)

    @property
    def stream(self) -> Verb | None:
        """The stream that the call is to be connected to."""
        connect = self.verb("Connect")
        return connect.child("Stream") if connect else None

    @property
    def parameters(self) -> dict[str, str]:
        """The stream's custom parameters."""
        return parameters(self.stream) if self.stream else {}


def parameters(stream: Verb) -> dict[str, str]:
    """The `<Parameter>`s of a stream."""
    return {child.attributes.get("name", ""): child.attributes.get("value", "") for child in stream.children}


def stream_url(stream: Verb, document_url: str) -> str:
    """The address of the socket: absolute, `wss` if it was relative."""
    url = stream.attributes.get("url", "")
    if url.startswith("/"):
        return urljoin(document_url.replace("https://", "wss://", 1), url)
    return url


def parse(body: str, url: str, status: int = 200, content_type: str = "application/xml") -> Document:
    """Read an answer of a webhook."""
    notice = _refusal(body, status, content_type)
    if notice:
        return Document(url, status, body, notices=(notice,))
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        return Document(url, status, body, notices=(Notice(12100, f"document parse failure: {error}"),))
    if root.tag != "Response":
        return Document(url, status, body, notices=(Notice(12100, f"root element is <{root.tag}>"),))
    verbs = tuple(_verb(element) for element in root)
    return Document(url, status, body, verbs, tuple(notice for verb in verbs for notice in _faults(verb)))


def _refusal(body: str, status: int, content_type: str) -> Notice | None:
    """Why the answer is not read at all."""
    if status != 200:
        return Notice(11200, f"HTTP status {status}")
    if content_type.partition(";")[0].strip() not in CONTENT_TYPES:
        return Notice(12300, f"content type {content_type}")
    if len(body.encode()) > LONGEST_BYTES:
        return Notice(11750, "TwiML longer than 64 kB")
    return None


def _verb(element: ElementTree.Element) -> Verb:
    text = " ".join((element.text or "").split())
    return Verb(element.tag, dict(element.attrib), text, tuple(_verb(child) for child in element))


def _faults(verb: Verb) -> list[Notice]:
    """What is wrong with a verb."""
    if verb.name not in _VERBS:
        return [Notice(12200, f"unknown verb <{verb.name}>")]
    notices = _unknown(verb, _VERBS[verb.name])
    notices += [
        Notice(12200, f"<{c.name}> in <{verb.name}>") for c in verb.children if c.name not in _NOUNS.get(verb.name, ())
    ]
    notices += [
        fault for child in verb.children if child.name == "Stream" for fault in _stream_faults(child, verb.name)
    ]
    return notices


def _unknown(verb: Verb, known: set[str]) -> list[Notice]:
    notices = [Notice(12200, f"attribute {name} of <{verb.name}>") for name in verb.attributes.keys() - known]
    if verb.attributes.get("method", "POST") not in _METHODS:
        notices.append(Notice(12200, f"method {verb.attributes['method']}"))
    return notices


def _stream_faults(stream: Verb, parent: str) -> list[Notice]:
    notices = _unknown(stream, _STREAM) + _address_faults(stream.attributes.get("url", ""))
    if parent == "Connect" and stream.attributes.get("track", "inbound_track") != "inbound_track":
        notices.append(Notice(31941, "a connected stream has the inbound track only"))
    for child in stream.children:
        if child.name != "Parameter" or child.attributes.keys() != {"name", "value"}:
            notices.append(Notice(12200, f"<{child.name} {child.attributes}> in <Stream>"))
        elif sum(map(len, child.attributes.values())) >= LONGEST_PARAMETER:
            notices.append(Notice(12200, f"parameter {child.attributes['name']} is too long"))
    return notices


def _address_faults(url: str) -> list[Notice]:
    if url.startswith("/"):
        return []
    parts = urlsplit(url)
    if parts.scheme != "wss":
        return [Notice(31922, f"scheme of {url!r} is not wss")]
    if not parts.hostname:
        return [Notice(31923, f"malformed address {url!r}")]
    return [Notice(31920, "query string in the address of a stream")] if parts.query else []
