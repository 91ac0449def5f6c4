"""The stand-in phone: a caller, and all that Twilio does between the caller and the server.

It rings the signed webhook, reads the TwiML, opens the signed media stream, speaks in real time, plays what comes
back through a loudspeaker with an exact clock, returns marks, honours `clear`, and after the stream goes on as
Twilio does: it asks the `action` address or runs the next verb, until the call is over. Nothing is forgiven
silently: see `warnings`.

    async with Phone("http://127.0.0.1:5001", public_url="https://voice.example.org", auth_token=TOKEN) as phone:
        await phone.ring()
        await phone.connect()
        await phone.until_playing()
        phone.say(speech.load("caller-hello"))
        await phone.heard(2400)
        phone.hang_up()
        await phone.over()
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from twilio_openai.rehearsal.call_flow import CallFlow, Impostor
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.loudspeaker import Loudspeaker
from twilio_openai.rehearsal.microphone import Microphone, Utterance
from twilio_openai.rehearsal.mulaw import BYTES_PER_MS
from twilio_openai.rehearsal.notices import INFO, Notice
from twilio_openai.rehearsal.speech import Speech
from twilio_openai.rehearsal.stream import MediaStream
from twilio_openai.rehearsal.twiml import Document
from twilio_openai.rehearsal.webhooks import AUTH_TOKEN, SIGNED, Webhooks, sid

if TYPE_CHECKING:
    from twilio_openai.rehearsal.rest import RestApi

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "NeverHappened", "Phone"]

ACCOUNT_SID = sid("AC", "rehearsal")
POLL_SECONDS = 0.004


class NeverHappened(AssertionError):
    """What was waited for did not happen in time."""


class Phone:
    """One caller. Times are monotonic milliseconds, as `clock.now_ms()` gives them."""

    def __init__(
        self,
        server: str = "http://127.0.0.1:5001",
        *,
        public_url: str = "https://voice.example.org",
        auth_token: str = AUTH_TOKEN,
        account_sid: str = ACCOUNT_SID,
        line: Line | None = None,
        rest: "RestApi | None" = None,
        path: str = "/incoming-call",
        dial_outcomes: dict[str, str] | None = None,
    ) -> None:
        self.line = line or Line()
        self.account_sid = account_sid
        self.microphone = Microphone(self.line.noise, self.line.seed)
        self.notices: list[Notice] = []
        self.document: Document | None = None
        self.webhooks = Webhooks(server, public_url.rstrip("/"), auth_token)
        self._path = path
        self._rest = rest
        self._dial_outcomes = dial_outcomes or {}
        self._flow: CallFlow | None = None
        self._utterances: list[Utterance] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # The call

    async def ring(
        self,
        call_sid: str | None = None,
        from_: str = "+15550001111",
        to: str = "+15550002222",
        *,
        method: str = "POST",
        signature: str | None = SIGNED,
        **extra: str,
    ) -> Document:
        """Ask the webhook what to do with a call; that of the live `call_sid` again is a repeated delivery."""
        call_sid = call_sid or sid("CA")
        if self._flow and (self._flow.ended or self._flow.call_sid != call_sid):
            await self._flow.close()
            self._flow = None
        if not self._flow:
            self._flow = CallFlow(self, call_sid, from_, to, self._dial_outcomes)
            if self._rest:
                self._rest.register(self._flow, self.account_sid)
        fields = self._flow.fields("ringing", **extra)
        url = self.webhooks.absolute(self._path)
        self.document = await self.webhooks.ask(url, fields, method, signature, repeats=call_sid)
        self.notices += self.document.notices
        return self.document

    async def connect(
        self,
        *,
        signature: str | None = SIGNED,
        parameters: dict[str, str] | None = None,
        call_sid: str | None = None,
        account_sid: str | None = None,
        slash: bool = False,
        mute_start: bool = False,
    ) -> bool:
        """Run the TwiML until a stream is open (True) or the call is over (False).

        The arguments replace what a true Twilio would send on the stream: this is how strangers are played.
        """
        assert self.document, "ring first"
        self.flow.impostor = Impostor(signature, parameters, call_sid, account_sid, slash, mute_start)
        return await self.flow.begin(self.document)

    async def call(self, **extra: str) -> bool:
        """`ring` and `connect`."""
        await self.ring(**extra)
        return await self.connect()

    def say(self, what: Speech | bytes) -> Utterance:
        """Queue speech; it starts with the next frame that is free."""
        utterance = self.microphone.say(what.audio if isinstance(what, Speech) else what)
        self._utterances.append(utterance)
        return utterance

    def press(self, digits: str) -> None:
        """Keys of the phone."""
        assert self.stream, "no stream"
        for digit in digits:
            self.stream.press(digit)

    def hang_up(self, stop: bool = True) -> None:
        """The caller puts the phone down; without `stop` the stream just breaks."""
        if self.stream and not stop:
            self.stream.drop("caller")
        self.flow.hang_up()

    def send_raw(self, message: str | bytes) -> None:
        """Put a frame on the stream as it stands, garbage too."""
        assert self.stream, "no stream"
        self.stream.uplink.post_text(message)

    def drop(self) -> None:
        """The stream's connection breaks, without `stop`; the call itself goes on."""
        assert self.stream, "no stream"
        self.stream.drop()

    async def over(self, timeout_s: float = 10.0) -> str:
        """Wait until the call has ended; why it did."""
        await self.until(lambda: self.ended is not None, timeout_s, "the call's end")
        await self.flow.settle()
        return self.ended or ""

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._flow:
            await self._flow.close()
        await self.webhooks.close()

    # What happened

    @property
    def flow(self) -> CallFlow:
        assert self._flow, "ring first"
        return self._flow

    @property
    def call_sid(self) -> str:
        return self.flow.call_sid

    @property
    def ended(self) -> str | None:
        """Why the call is over: caller, hangup, document ended, rejected, api, error; None while it is up."""
        return self._flow.ended if self._flow else None

    @property
    def streams(self) -> list[MediaStream]:
        """Every stream of the call; there is more than one when it was connected again."""
        return self._flow.streams if self._flow else []

    @property
    def stream(self) -> MediaStream | None:
        return self.streams[-1] if self.streams else None

    @property
    def loudspeaker(self) -> Loudspeaker:
        """The last stream's playback."""
        return self.streams[-1].loudspeaker if self.streams else Loudspeaker()

    @property
    def warnings(self) -> list[Notice]:
        """What Twilio's debugger would show and a good server never causes."""
        return [notice for notice in self.notices if notice.level != INFO]

    @property
    def said(self) -> list[str]:
        """What TwiML verbs said to the caller."""
        return self.flow.said

    @property
    def dialled(self) -> list[str]:
        """Whom `<Dial>` called."""
        return self.flow.dialled

    @property
    def documents(self) -> list[Document]:
        """Every TwiML document of the call, in the order in which they came."""
        return self.flow.documents

    @property
    def played_ms(self) -> float:
        """How much audio has left the loudspeaker, over all streams."""
        return sum(stream.loudspeaker.played_bytes(now_ms()) for stream in self.streams) / BYTES_PER_MS

    @property
    def played_audio(self) -> bytes:
        """What has left the loudspeaker, over all streams, without the pauses between."""
        return b"".join(stream.loudspeaker.played_audio(now_ms()) for stream in self.streams)

    @property
    def played(self) -> list[tuple[int, int, float]]:
        """(index, bytes played, start in ms) of every piece of audio of the last stream."""
        return [(chunk.index, chunk.played(now_ms()), chunk.start_ms) for chunk in self.loudspeaker.chunks]

    def played_at(self, ms: float) -> float:
        """When so much audio of the last stream had left the loudspeaker; NeverHappened if it has not."""
        at_ms = self.loudspeaker.time_of(round(ms * BYTES_PER_MS))
        if at_ms is None or at_ms > now_ms():
            raise NeverHappened(f"{ms} ms were never played")
        return at_ms

    @property
    def sent_audio(self) -> bytes:
        """Every frame's audio that was sent to the server."""
        return b"".join(bytes(stream.uplink.sent_audio) for stream in self.streams)

    # Waiting

    async def until(self, happened: Callable[[], bool], timeout_s: float = 10.0, what: str = "it") -> None:
        """Wait until something holds; NeverHappened if it does not in time."""
        deadline_ms = now_ms() + timeout_s * 1000.0
        while not happened():
            if now_ms() > deadline_ms:
                raise NeverHappened(f"waited {timeout_s} s for {what}; notices: {self.notices}")
            await asyncio.sleep(POLL_SECONDS)

    async def heard(self, ms: float, timeout_s: float = 15.0) -> None:
        """Wait until so much more audio has left the loudspeaker, counted from now."""
        goal_ms = self.played_ms + ms
        await self.until(lambda: self.played_ms >= goal_ms, timeout_s, f"{ms:.0f} ms of audio")

    async def until_playing(self, timeout_s: float = 10.0) -> None:
        """Wait until something is heard."""
        await self.until(lambda: self.loudspeaker.playing(now_ms()), timeout_s, "playback")

    async def until_quiet(self, for_ms: float = 300.0, timeout_s: float = 30.0) -> None:
        """Wait until nothing has been played for so long."""
        await self.until(lambda: now_ms() - self.loudspeaker.dry_ms >= for_ms, timeout_s, "quiet")

    async def until_said(self, timeout_s: float = 20.0) -> None:
        """Wait until the caller has said all that was queued."""
        await self.until(lambda: not self.microphone.speaking, timeout_s, "the caller's speech to end")
