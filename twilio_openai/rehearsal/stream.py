"""One media stream, as Twilio runs it: the socket, the caller's frames up, playback and marks down.

Whatever happens carries the time at which it truly happened on the line (monotonic ms), also where the machine is
late.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.line import Delay, Line
from twilio_openai.rehearsal.loudspeaker import Echo, Loudspeaker
from twilio_openai.rehearsal.messages import Clear, Malformed, Mark, Media, read
from twilio_openai.rehearsal.microphone import Microphone
from twilio_openai.rehearsal.notices import Notice
from twilio_openai.rehearsal.tasks import settled
from twilio_openai.rehearsal.uplink import Uplink

USER_AGENT = "Twilio.TmeWs/1.0"


@dataclass(frozen=True)
class Start:
    """What the `start` message tells the server."""

    account_sid: str
    call_sid: str
    stream_sid: str
    parameters: dict[str, str]

    def message(self) -> dict[str, Any]:
        return {
            "accountSid": self.account_sid,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": self.parameters,
        }


@dataclass(frozen=True)
class Address:
    """`uri` carries the public name; `host` and `port` say where it is really dialled."""

    uri: str
    host: str
    port: int


class MediaStream:
    """Open it, speak through the microphone, look at `loudspeaker`; `ended` tells why it is over.

    `mute_start` never sends `connected` and `start`: a stream that opens and says nothing.
    """

    def __init__(
        self, start: Start, line: Line, microphone: Microphone, notices: list[Notice], mute_start: bool = False
    ) -> None:
        self.start = start
        self.notices = notices
        self.started_ms = 0.0
        self.ended_ms = 0.0
        self.close_code: int | None = None
        self.close_reason = ""
        self.received: list[tuple[float, str | bytes]] = []
        """Every message from the server, with the time at which it reached Twilio."""
        self.on_closed: Callable[[], None] = lambda: None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        late = random.Random(line.seed + 1)
        self.loudspeaker = Loudspeaker(lambda: late.uniform(0.0, line.speaker_late_ms), line.speaker_tick_ms)
        self.uplink = Uplink(start.stream_sid, line, microphone, self._congested)
        self._line = line
        self._mute_start = mute_start
        self._down = Delay(line.delay_in_ms, line.jitter_ms, line.seed + 2)
        self._inbox: deque[tuple[float, str | bytes]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._talker: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None

    # Opening

    async def open(self, address: Address, headers: dict[str, str]) -> bool:
        """Dial the server; False, with a notice, if there is no stream."""
        try:
            self._socket = await connect(
                address.uri,
                host=address.host,
                port=address.port,
                additional_headers=headers,
                user_agent_header=USER_AGENT,
                compression=None,
                ping_interval=None,
                close_timeout=2,
                max_size=None,
                proxy=None,
            )
        except InvalidStatus as error:
            return self._failed(31920, f"HTTP status {error.response.status_code}")
        except TimeoutError:
            return self._failed(31901, "no answer")
        except OSError as error:
            return self._failed(31902, f"connection refused: {error}")
        except WebSocketException as error:
            return self._failed(31920, f"handshake: {error}")
        self._begin(self._socket)
        return True

    def _failed(self, code: int, text: str) -> bool:
        self._notice(code, text)
        self.ended.set_result("refused")
        return False

    def _begin(self, socket: ClientConnection) -> None:
        self.started_ms = now_ms()
        self.uplink.begin(self.started_ms)
        self._run(self.uplink.send_all(socket))
        self._run(self._receive_all(socket))
        if self._mute_start:
            return
        self.uplink.post_raw({"event": "connected", "protocol": "Call", "version": "1.0.0"}, self.started_ms)
        self.uplink.post("start", self.start.message(), self.started_ms)
        self._talker = self._run(self.uplink.talk())

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._tasks.append(asyncio.create_task(work))
        return self._tasks[-1]

    def press(self, digit: str) -> None:
        """A key of the phone."""
        self.uplink.post("dtmf", {"track": "inbound_track", "digit": digit}, now_ms())

    # Down: what the server says, and the marks that come back

    async def _receive_all(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                self._inbox.append((self._down.arrival_ms(now_ms()), message))
                self._settle()
        while self._inbox and not self.ended.done():
            await asyncio.sleep(max(0.0, self._inbox[0][0] - now_ms()) / 1000.0)
            self._settle()
        self._closed(socket)

    def _settle(self) -> None:
        """Take what has arrived and return the marks that were reached, each at its time and in their order."""
        while self._inbox and self._inbox[0][0] <= now_ms() and not self.ended.done():
            at_ms, message = self._inbox.popleft()
            self._echo(self.loudspeaker.advance(at_ms))
            self._take(message, at_ms)
        self._echo(self.loudspeaker.advance(now_ms()))
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        next_message_ms = self._inbox[0][0] if self._inbox else None
        due = [ms for ms in (next_message_ms, self.loudspeaker.next_ms) if ms is not None]
        if due and not self.ended.done():
            delay_ms = max(0.0, min(due) - now_ms())
            self._alarm = asyncio.get_running_loop().call_later(delay_ms / 1000.0, self._settle)

    def _take(self, message: str | bytes, at_ms: float) -> None:
        self.received.append((at_ms, message))
        try:
            meaning = read(message, self.start.stream_sid)
        except Malformed as error:
            self._notice(error.code, str(error))
            return
        match meaning:
            case Media(payload):
                if not self.loudspeaker.media(payload, at_ms):
                    self._notice(31931, "more than ten minutes of audio are buffered", once=True)
            case Mark(name):
                self.loudspeaker.mark(name, at_ms)
            case Clear():
                echoes = self.loudspeaker.clear(at_ms)
                self._echo(echoes[::-1] if self._line.clear_reversed else echoes)

    def _echo(self, echoes: list[Echo]) -> None:
        for echo in echoes:
            self.uplink.post("mark", {"name": echo.name}, echo.at_ms)

    # The end

    def hang_up(self, why: str = "caller") -> None:
        """Say `stop`, then close; what is buffered is never played."""
        if self.ended.done():
            return
        self._settle()
        self.uplink.release(now_ms())
        if self._line.echo_at_stop:
            self._echo(self.loudspeaker.clear(now_ms(), why))
        if not self._mute_start:
            stop = {"accountSid": self.start.account_sid, "callSid": self.start.call_sid}
            self.uplink.post("stop", stop, now_ms())
        self._over(why)

    def drop(self, why: str = "dropped") -> None:
        """Break the connection without a word."""
        if self.ended.done():
            return
        self._over(why)
        if self._socket:
            self._socket.transport.abort()

    def _closed(self, socket: ClientConnection) -> None:
        """The socket is gone; if nobody here closed it, the server did."""
        self.close_code, self.close_reason = socket.close_code, socket.close_reason or ""
        if self.ended.done():
            return
        protocol = socket.protocol
        if protocol.close_sent and not protocol.close_rcvd_then_sent:
            self._notice(31924, f"protocol error: {protocol.close_sent}")
        elif self.close_code == 1006:
            self._notice(31903, "the server broke the connection")
        else:
            self._notice(31921, f"the server closed the stream: {self.close_code} {self.close_reason}")
        self._over("server")

    def _over(self, why: str) -> None:
        self.ended_ms = now_ms()
        self.loudspeaker.clear(self.ended_ms, why)
        self.ended.set_result(why)
        self.uplink.finish()
        if self._alarm:
            self._alarm.cancel()
        if self._talker:
            self._talker.cancel()
        self.on_closed()

    async def close(self) -> None:
        """Wait until the socket is closed; at most three seconds."""
        if not self._tasks:
            return
        await asyncio.wait(self._tasks, timeout=3.0)
        await settled(self._tasks)

    def _congested(self) -> None:
        self._notice(31930, "the server reads too slowly: the caller's audio is discarded", once=True)

    def _notice(self, code: int, text: str, once: bool = False) -> None:
        if not (once and any(notice.code == code for notice in self.notices)):
            self.notices.append(Notice(code, text, now_ms()))
