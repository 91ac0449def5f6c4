"""One call's way through its TwiML: verb after verb, the stream among them, until the call is over."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.notices import Notice
from twilio_openai.rehearsal.stream import MediaStream, Start
from twilio_openai.rehearsal.tasks import settled
from twilio_openai.rehearsal.twiml import Document, Verb, parameters, stream_url
from twilio_openai.rehearsal.webhooks import SIGNED, sid

if TYPE_CHECKING:
    from twilio_openai.rehearsal.phone import Phone

LONGEST_CHAIN = 50


@dataclass(frozen=True)
class Impostor:
    """What is said on the stream in place of the truth; SIGNED and None leave it, but no `signature` is none."""

    signature: str | None = SIGNED
    parameters: dict[str, str] | None = None
    call_sid: str | None = None
    account_sid: str | None = None
    slash: bool = False
    mute_start: bool = False


class CallFlow:
    """Runs documents. A document that takes over (`action`, `<Redirect>`, REST) replaces the running one."""

    def __init__(self, phone: "Phone", call_sid: str, from_: str, to: str, dial_outcomes: dict[str, str]) -> None:
        self.phone = phone
        self.call_sid = call_sid
        self.status = "ringing"
        self.ended: str | None = None
        self.impostor = Impostor()
        self.streams: list[MediaStream] = []
        self.documents: list[Document] = []
        self.said: list[str] = []
        self.played: list[str] = []
        self.dialled: list[str] = []
        self.from_, self.to = from_, to
        self._dial_outcomes = dial_outcomes
        self._running: asyncio.Task[None] | None = None
        self._streaming = False
        self._connected = asyncio.Event()
        self._errands: set[asyncio.Task[None]] = set()

    def fields(self, status: str | None = None, **extra: str) -> dict[str, str]:
        """The form that Twilio sends with every request about a call."""
        fields = {
            "CallSid": self.call_sid,
            "AccountSid": self.phone.account_sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": status or self.status,
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
        }
        places = {f"{who}{part}": "" for who in ("From", "To", "Caller", "Called") for part in ("City", "State", "Zip")}
        countries = {f"{who}Country": "US" for who in ("From", "To", "Caller", "Called")}
        return fields | places | countries | {"StirVerstat": "TN-Validation-Passed-A"} | extra

    # Documents

    async def begin(self, document: Document) -> bool:
        """Run a document until a stream is open (True) or the call is over (False)."""
        self._connected.clear()
        self._running = asyncio.create_task(self._follow(document))
        waiter = asyncio.create_task(self._connected.wait())
        await asyncio.wait({self._running, waiter}, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        return self._connected.is_set()

    def replace(self, document: Document) -> None:
        """REST: new TwiML takes the place of the running one, the stream included."""
        if self._running:
            self._running.cancel()
        self._streaming = False
        if self.streams:
            self.streams[-1].hang_up("api")
        self._running = asyncio.create_task(self._follow(document))

    async def _follow(self, document: Document | None) -> None:
        """Run a document and those that follow from it."""
        for _ in range(LONGEST_CHAIN):
            if document is None or self.ended:
                break
            self.documents.append(document)
            if not document.verbs and document.notices:
                return self._end("error")
            document = await self._run(document)
        if not self.ended:
            self._end("document ended")
        return None

    async def _run(self, document: Document) -> Document | None:
        """Run the verbs; the document that takes over, if one does."""
        for position, verb in enumerate(document.verbs):
            if verb.name == "Reject" and position == 0 and self.status == "ringing":
                self._end("rejected", "busy" if verb.attributes.get("reason") == "busy" else "no-answer")
                return None
            if self.status == "ringing":
                self.status = "in-progress"
            following = await self._perform(verb, document)
            if self.ended or following:
                return following
        return None

    async def _perform(self, verb: Verb, document: Document) -> Document | None:
        match verb.name:
            case "Connect":
                return await self._connect(verb, document)
            case "Dial":
                return await self._dial(verb, document)
            case "Redirect":
                return await self._ask(verb.text, verb, document)
            case "Say":
                self.said.append(verb.text)
            case "Play":
                self.played.append(verb.text)
            case "Pause":
                await asyncio.sleep(float(verb.attributes.get("length", "1")))
            case "Hangup":
                self._end("hangup")
            case "Start":
                self._notice(31955, "the stand-in knows no <Start>")
        return None

    async def _ask(self, url: str, verb: Verb, document: Document, **extra: str) -> Document:
        """Request the document that takes over."""
        fields = self.fields(**extra)
        method = verb.attributes.get("method", "POST")
        answer = await self.phone.webhooks.ask(urljoin(document.url, url), fields, method)
        self.phone.notices += answer.notices
        return answer

    async def _dial(self, verb: Verb, document: Document) -> Document | None:
        number = " ".join([verb.text, *(child.text for child in verb.children)]).strip()
        self.dialled.append(number)
        outcome = self._dial_outcomes.get(number, "completed")
        if "action" not in verb.attributes:
            return None
        leg = {"DialCallStatus": outcome, "DialCallSid": sid("CA"), "DialCallDuration": "0"}
        return await self._ask(verb.attributes["action"], verb, document, **leg)

    # Streams

    async def _connect(self, verb: Verb, document: Document) -> Document | None:
        """Run a stream to its end; then the `action` address decides, or the next verb."""
        noun = verb.child("Stream")
        if not noun:
            return None
        stream = await self._open(noun, document)
        if stream:
            self._connected.set()
            self._streaming = True
            await asyncio.shield(stream.ended)
            await stream.close()
            self._streaming = False
        if self.ended and self.ended != "caller":
            return None
        if "action" in verb.attributes:
            answer = await self._ask(verb.attributes["action"], verb, document)
            return None if self.ended else answer
        return None

    async def _open(self, noun: Verb, document: Document) -> MediaStream | None:
        if any(notice.code in (31922, 31923, 31941, 31920) for notice in document.notices):
            return None
        url = stream_url(noun, document.url)
        address = self.phone.webhooks.address(url)
        if not address:
            self._notice(31904, f"nobody answers at {url}")
            return None
        stream = self._new_stream(noun)
        stream_name = noun.attributes.get("name", stream.start.stream_sid)
        opened = await stream.open(address, self._upgrade(url))
        if opened:
            self.streams.append(stream)
        self._report(noun, stream, "stream-started" if opened else "stream-error", stream_name)
        stream.on_closed = lambda: self._report(noun, stream, "stream-stopped", stream_name)
        return stream if opened else None

    def _new_stream(self, noun: Verb) -> MediaStream:
        phone, impostor = self.phone, self.impostor
        start = Start(
            impostor.account_sid or phone.account_sid,
            impostor.call_sid or self.call_sid,
            sid("MZ"),
            parameters(noun) if impostor.parameters is None else impostor.parameters,
        )
        return MediaStream(start, phone.line, phone.microphone, phone.notices, impostor.mute_start)

    def _upgrade(self, url: str) -> dict[str, str]:
        """The headers of the upgrade."""
        signature = self.impostor.signature
        if signature == SIGNED:
            signature = self.phone.webhooks.signature(url + "/" if self.impostor.slash else url, {})
        return {} if signature is None else {"x-twilio-signature": signature}

    def _report(self, noun: Verb, stream: MediaStream, event: str, name: str) -> None:
        """The stream's statusCallback, where there is one."""
        if "statusCallback" not in noun.attributes:
            return
        fields = {
            "AccountSid": self.phone.account_sid,
            "CallSid": self.call_sid,
            "StreamSid": stream.start.stream_sid,
            "StreamName": name,
            "StreamEvent": event,
            "Timestamp": "2026-11-20T00:09:39.602648368Z",
        }
        if event == "stream-error":
            fields["StreamError"] = str(self.phone.notices[-1].code)
        self._errand(noun.attributes["statusCallback"], fields)

    def _errand(self, url: str, fields: dict[str, str]) -> None:
        async def run() -> None:
            await self.phone.webhooks.ask(url, fields)

        task = asyncio.create_task(run())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # The end

    def hang_up(self) -> None:
        """The caller hangs up; Twilio then asks the `action` address with the call's last status."""
        if self.ended:
            return
        self._end("caller")

    def _end(self, why: str, status: str = "completed") -> None:
        if self.ended:
            return
        self.ended, self.status = why, status
        if self.streams and not self.streams[-1].ended.done():
            self.streams[-1].hang_up(why)
        elif self._running and not self._streaming and self._running is not asyncio.current_task():
            self._running.cancel()

    def end_by_api(self) -> None:
        """REST: the call is completed."""
        self._end("api")

    async def settle(self) -> None:
        """Wait for what Twilio still has to do after the call's end."""
        tasks = {task for task in [self._running, *self._errands] if task}
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)

    async def close(self) -> None:
        self._end("caller")
        await self.settle()
        for stream in self.streams:
            await stream.close()
        if self._running:
            await settled([self._running])

    def _notice(self, code: int, text: str) -> None:
        self.phone.notices.append(Notice(code, text, now_ms()))
