"""The stand-in phone: its playback by literals, and whole calls through a naive relay over real sockets."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web
from stage import together
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from twilio_openai.rehearsal import answers, speech, truth, twiml
from twilio_openai.rehearsal.answers import Answer
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.line import Delay, Line
from twilio_openai.rehearsal.loudspeaker import Echo, Loudspeaker
from twilio_openai.rehearsal.messages import Clear, Malformed, Mark, Media, read
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.phone import ACCOUNT_SID, AUTH_TOKEN, NeverHappened, Phone
from twilio_openai.rehearsal.rest import RestApi
from twilio_openai.rehearsal.webhooks import Webhooks

PUBLIC = "https://voice.example.org"
SESSION = {
    "type": "realtime",
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-transcribe"},
            "turn_detection": {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500},
        },
        "output": {"format": {"type": "audio/pcmu"}},
    },
}


class Relay:
    """A server as the samples have it: it forwards audio both ways, marks every delta, and clears at a barge-in."""

    def __init__(self, model_url: str, twiml: str | None = None, after: str = "<Response><Hangup/></Response>") -> None:
        self.model_url = model_url.replace("http", "ws", 1) + "/realtime?model=gpt-realtime-2.1"
        self.twiml = twiml
        self.after = after
        self.asked: list[dict[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.upgrades: list[web.Request] = []
        self.stream_sids: dict[int, str] = {}
        self.tokens: list[str] = []
        self.close_stream = asyncio.Event()
        self.phone: web.WebSocketResponse | None = None
        self.url = ""

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["Relay"]:
        app = web.Application()
        app.router.add_route("*", "/incoming-call", self._incoming)
        app.router.add_post("/after", self._after)
        app.router.add_get("/media-stream", self._stream)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def _signed(self, request: web.Request, url: str, fields: dict[str, str]) -> bool:
        signature = request.headers.get("X-Twilio-Signature", "")
        return bool(RequestValidator(AUTH_TOKEN).validate(url, fields, signature))

    async def _incoming(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        if not self._signed(request, f"{PUBLIC}{request.path_qs}", fields):
            return web.Response(status=403)
        self.asked.append(fields or dict(request.query))
        self.tokens.append(request.headers["I-Twilio-Idempotency-Token"])
        return _xml(
            self.twiml
            or '<Response><Connect action="/after"><Stream url="wss://voice.example.org/media-stream">'
            '<Parameter name="token" value="t0ken"/></Stream></Connect></Response>'
        )

    async def _after(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        assert self._signed(request, f"{PUBLIC}/after", fields)
        self.asked.append(fields)
        return _xml(self.after)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self.upgrades.append(request)
        if not self._signed(request, "wss://voice.example.org/media-stream", {}):
            return web.Response(status=403)
        phone = web.WebSocketResponse()
        await phone.prepare(request)
        self.phone = phone
        closer = asyncio.create_task(self._close_when_told(phone))
        headers = {"Authorization": "Bearer key"}
        async with connect(self.model_url, additional_headers=headers, compression=None) as model:
            await model.send(json.dumps({"type": "session.update", "session": SESSION}))
            assert json.loads(await model.recv())["type"] == "session.created"
            down = asyncio.create_task(self._down(model, phone))
            await self._up(phone, model)
            await model.close()
            await down
        closer.cancel()
        await phone.close()
        return phone

    async def _close_when_told(self, phone: web.WebSocketResponse) -> None:
        await self.close_stream.wait()
        await phone.close(code=4001, message=b"enough")

    async def _up(self, phone: web.WebSocketResponse, model: ClientConnection) -> None:
        async for message in phone:
            if message.type is not WSMsgType.TEXT or not message.data.startswith("{"):
                continue
            event = json.loads(message.data)
            self.events.append(event)
            if event["event"] == "start":
                self.stream_sids[id(phone)] = event["streamSid"]
                await model.send(json.dumps({"type": "response.create"}))
            elif event["event"] == "media":
                await model.send(json.dumps({"type": "input_audio_buffer.append", "audio": event["media"]["payload"]}))
            elif event["event"] == "stop":
                return

    async def _down(self, model: ClientConnection, phone: web.WebSocketResponse) -> None:
        number = 0
        async for message in model:
            event = json.loads(message)
            if event["type"] == "response.output_audio.delta":
                number += 1
                await self._say(phone, "media", payload=event["delta"])
                await self._say(phone, "mark", name=f"{event['item_id']}:{number}")
            elif event["type"] == "input_audio_buffer.speech_started":
                await phone.send_json({"event": "clear", "streamSid": self.stream_sids[id(phone)]})

    async def _say(self, phone: web.WebSocketResponse, name: str, /, **content: str) -> None:
        await phone.send_json({"event": name, "streamSid": self.stream_sids[id(phone)], name: content})


def _xml(body: str) -> web.Response:
    return web.Response(text=body, content_type="application/xml")


def spoken(*names: str) -> list[Answer]:
    return [answers.say(speech.load(name)) for name in names]


class TestLoudspeaker:
    """Playback by literals: 800 bytes are 100 ms."""

    def test_audio_plays_without_a_pause_and_marks_come_back_when_reached(self) -> None:
        speaker = Loudspeaker()
        speaker.media(b"a" * 800, 1000.0)
        speaker.mark("one", 1000.0)
        speaker.media(b"b" * 400, 1020.0)
        speaker.mark("two", 1020.0)
        assert speaker.advance(1099.9) == []
        assert speaker.next_ms == 1100.0
        assert speaker.advance(1100.0) == [Echo("one", 1100.0, cleared=False)]
        assert speaker.advance(5000.0) == [Echo("two", 1150.0, cleared=False)]
        assert speaker.played_audio(1110.0) == b"a" * 800 + b"b" * 80

    def test_a_mark_without_audio_comes_back_at_once(self) -> None:
        speaker = Loudspeaker()
        speaker.mark("idle", 500.0)
        assert speaker.advance(500.0) == [Echo("idle", 500.0, cleared=False)]

    def test_a_dry_buffer_starts_anew_and_late(self) -> None:
        speaker = Loudspeaker(late_ms=lambda: 70.0)
        speaker.media(b"a" * 800, 1000.0)
        speaker.media(b"b" * 800, 1170.0)
        speaker.media(b"c" * 800, 1400.0)
        assert [chunk.start_ms for chunk in speaker.chunks] == [1070.0, 1170.0, 1470.0]
        assert not speaker.playing(1300.0) or speaker.dry_ms == 1570.0
        assert speaker.played_bytes(1450.0) == 1600
        assert speaker.time_of(1600) == 1270.0
        assert speaker.time_of(2400) == 1570.0
        assert speaker.time_of(2401) is None

    def test_clear_cuts_to_the_byte_and_returns_every_waiting_mark(self) -> None:
        speaker = Loudspeaker()
        for index, name in enumerate(("one", "two", "three")):
            speaker.media(bytes([index]) * 800, 1000.0)
            speaker.mark(name, 1000.0)
        assert speaker.advance(1130.0) == [Echo("one", 1100.0, cleared=False)]
        assert [(echo.name, echo.at_ms, echo.cleared) for echo in speaker.clear(1130.0)] == [
            ("two", 1130.0, True),
            ("three", 1130.0, True),
        ]
        assert speaker.cuts[0].played_bytes == 1040
        assert speaker.cuts[0].discarded_bytes == 1360
        assert speaker.played_audio(9000.0) == bytes([0]) * 800 + bytes([1]) * 240
        assert not speaker.playing(1130.0)

    def test_the_clock_is_based_anew_after_clear(self) -> None:
        speaker = Loudspeaker()
        for round_ in range(3):
            at_ms = 1000.0 * (round_ + 1)
            speaker.media(b"x" * 80_000, at_ms)
            speaker.clear(at_ms + 100.0)
            speaker.media(b"y" * 800, at_ms + 200.0)
            speaker.mark("after", at_ms + 200.0)
            assert speaker.advance(at_ms + 299.0) == []
            assert speaker.advance(at_ms + 300.0) == [Echo("after", at_ms + 300.0, cleared=False)]
        assert speaker.played_bytes(9000.0) == 3 * 1600

    def test_ticks_take_20_ms_at_once(self) -> None:
        speaker = Loudspeaker(tick_ms=20.0)
        speaker.media(b"a" * 200, 1003.0)
        speaker.mark("a", 1003.0)
        speaker.media(b"b" * 200, 1010.0)
        speaker.mark("b", 1010.0)
        assert speaker.played_bytes(1019.9) == 0
        assert [speaker.played_bytes(ms) for ms in (1020.0, 1039.9, 1040.0, 1060.0)] == [160, 160, 320, 400]
        assert [(echo.name, echo.at_ms) for echo in speaker.advance(2000.0)] == [("a", 1040.0), ("b", 1060.0)]
        speaker.media(b"c" * 800, 1061.0)
        speaker.clear(1085.0)
        assert speaker.cuts[0].played_bytes == 400 + 160
        assert speaker.played_audio(9000.0) == b"a" * 200 + b"b" * 200 + b"c" * 160

    def test_more_than_ten_minutes_are_discarded(self) -> None:
        speaker = Loudspeaker()
        assert speaker.media(b"x" * 8 * 600_001, 0.0)
        assert not speaker.media(b"x", 0.0)
        assert speaker.media(b"x", 1001.0)


class TestMessages:
    def test_the_three_shapes(self) -> None:
        assert read('{"event":"media","streamSid":"MZ1","media":{"payload":"//8="}}', "MZ1") == Media(b"\xff\xff")
        assert read('{"event":"mark","streamSid":"MZ1","mark":{"name":"a"}}', "MZ1") == Mark("a")
        assert read('{"event":"clear","streamSid":"MZ1"}', "MZ1") == Clear()

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            (b"binary", 31950),
            ("not json", 31951),
            ("[]", 31951),
            ('{"event":"speak","streamSid":"MZ1"}', 31951),
            ('{"event":"clear","stream_sid":"MZ1"}', 31951),
            ('{"event":"clear","streamSid":"MZ2"}', 31951),
            ('{"event":"clear","streamSid":"MZ1","why":"x"}', 31951),
            ('{"event":"mark","streamSid":"MZ1"}', 31951),
            ('{"event":"mark","streamSid":"MZ1","mark":{"name":7}}', 31951),
            ('{"event":"media","streamSid":"MZ1","media":{"playload":"//8="}}', 31951),
            ('{"event":"media","streamSid":"MZ1","media":{"payload":"%%%"}}', 31951),
            ('{"event":"media","streamSid":"MZ1","media":{"payload":"//8=","track":"outbound"}}', 31951),
            (
                json.dumps(
                    {
                        "event": "media",
                        "streamSid": "MZ1",
                        "media": {"payload": base64.b64encode(base64.b64encode(b"\xff" * 160)).decode()},
                    }
                ),
                31951,
            ),
        ],
    )
    def test_anything_else_is_ignored_with_a_warning(self, message: str | bytes, code: int) -> None:
        with pytest.raises(Malformed) as error:
            read(message, "MZ1")
        assert error.value.code == code


class TestTwiml:
    def codes(self, body: str, **about: Any) -> list[int]:
        return [notice.code for notice in twiml.parse(body, "https://voice.example.org/x", **about).notices]

    def stream(self, attributes: str, inner: str = "", parent: str = "Connect") -> str:
        return f"<Response><{parent}><Stream {attributes}>{inner}</Stream></{parent}></Response>"

    def test_a_good_document(self) -> None:
        inner = '<Parameter name="token" value="t"/>'
        document = twiml.parse(self.stream('url="wss://voice.example.org/s"', inner), "https://voice.example.org/x")
        assert document.notices == ()
        assert document.parameters == {"token": "t"}
        assert document.stream
        assert twiml.stream_url(document.stream, document.url) == "wss://voice.example.org/s"

    def test_a_relative_address_is_a_secure_one(self) -> None:
        document = twiml.parse(self.stream('url="/s"'), "https://voice.example.org/x")
        assert document.stream
        assert twiml.stream_url(document.stream, document.url) == "wss://voice.example.org/s"

    def test_what_twilio_does_not_run(self) -> None:
        assert self.codes("<Response>") == [12100]
        assert self.codes("<Answer/>") == [12100]
        assert self.codes("<Response/>", status=500) == [11200]
        assert self.codes("<Response/>", content_type="text/plain") == [12300]
        assert self.codes(f"<Response><Say>{'a' * 64_000}</Say></Response>") == [11750]

    def test_what_is_wrong_with_a_stream(self) -> None:
        good = 'url="wss://voice.example.org/s"'
        assert self.codes(self.stream('url="ws://voice.example.org/s"')) == [31922]
        assert self.codes(self.stream('url="wss:///s"')) == [31923]
        assert self.codes(self.stream('url="wss://voice.example.org/s?token=t"')) == [31920]
        assert self.codes(self.stream(good + ' track="both_tracks"')) == [31941]
        assert self.codes(self.stream(good + ' track="both_tracks"', parent="Start")) == []
        assert self.codes(self.stream(good, f'<Parameter name="p" value="{"v" * 500}"/>')) == [12200]
        assert self.codes("<Response><Speak/></Response>") == [12200]


def test_a_late_message_is_never_overtaken() -> None:
    delay = Delay(100.0, 30.0, seed=1)
    arrivals = [delay.arrival_ms(float(at_ms)) for at_ms in range(0, 2000, 5)]
    assert arrivals == sorted(arrivals)
    assert all(100.0 <= arrival - at_ms <= 130.0 for arrival, at_ms in zip(arrivals, range(0, 2000, 5), strict=True))


def test_a_stall_delivers_all_at_its_end() -> None:
    delay = Delay(10.0, 0.0, seed=1, stalls=((100.0, 200.0),))
    assert [delay.arrival_ms(at_ms) for at_ms in (90.0, 100.0, 299.0, 300.0)] == [100.0, 310.0, 310.0, 310.0]


@together
async def test_a_call_from_ring_to_hang_up() -> None:
    """The shape of everything that a server sees, and what it is asked in the end."""
    async with (
        Model(spoken("agent-moment", "agent-sure")) as model,
        Relay(model.base_url).serve() as relay,
        Phone(relay.url) as phone,
    ):
        await phone.ring(CallerName="Zoë Müller")
        assert relay.asked[0]["CallStatus"] == "ringing"
        assert relay.asked[0]["CallerName"] == "Zoë Müller"
        assert await phone.connect()
        await phone.until_playing()
        await phone.until_quiet(100)
        phone.press("5#")
        phone.say(speech.load("caller-yes"))
        await phone.heard(500)
        phone.hang_up()
        assert await phone.over() == "caller"
        assert phone.warnings == []
        assert relay.asked[-1]["CallStatus"] == "completed"
        assert relay.asked[-1]["CallSid"] == phone.call_sid
        assert model.session().caller_said == ["Yes please."]
        assert truth.delivery(phone.sent_audio, model.session().appended) == truth.Delivery(0, 0, 0)
        check_upgrade(relay.upgrades[0])
        check_events(relay.events, phone)


def check_upgrade(request: web.Request) -> None:
    headers = {name.lower() for name in request.headers}
    assert headers == {
        "host",
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "user-agent",
        "x-twilio-signature",
    }
    assert request.headers["Host"] == "voice.example.org"
    assert request.headers["User-Agent"] == "Twilio.TmeWs/1.0"


def check_events(events: list[dict[str, Any]], phone: Phone) -> None:
    assert phone.stream
    stream_sid = phone.stream.start.stream_sid
    assert events[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert events[1]["start"] == {
        "accountSid": phone.account_sid,
        "callSid": phone.call_sid,
        "streamSid": stream_sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t0ken"},
    }
    assert [event["sequenceNumber"] for event in events[1:]] == [str(number) for number in range(1, len(events))]
    assert {event["streamSid"] for event in events[1:]} == {stream_sid}
    frames = [event["media"] for event in events if event["event"] == "media"]
    assert [frame["chunk"] for frame in frames] == [str(number) for number in range(1, len(frames) + 1)]
    assert 50 <= int(frames[0]["timestamp"]) <= 170
    assert abs(int(frames[-1]["timestamp"]) - int(frames[0]["timestamp"]) - 20 * (len(frames) - 1)) < 10
    assert {len(base64.b64decode(frame["payload"])) for frame in frames} == {160}
    assert [event["dtmf"] for event in events if event["event"] == "dtmf"] == [
        {"track": "inbound_track", "digit": "5"},
        {"track": "inbound_track", "digit": "#"},
    ]
    assert events[-1]["stop"] == {"accountSid": phone.account_sid, "callSid": phone.call_sid}


@together
async def test_marks_and_a_barge_in_on_a_bad_line() -> None:
    """Echoes come back one trip after their time; `clear` returns the rest at once; the truth knows the words."""
    line = Line(delay_out_ms=80, delay_in_ms=60, jitter_ms=20, speaker_late_ms=100, seed=5)
    async with (
        Model(spoken("agent-greeting", "agent-moment")) as model,
        Relay(model.base_url).serve() as relay,
        Phone(relay.url, line=line) as phone,
    ):
        assert await phone.call()
        await phone.heard(1500)
        phone.say(speech.load("caller-wait"))
        await phone.until(lambda: len(phone.loudspeaker.cuts) > 0, what="the clear")
        await phone.until(lambda: phone.loudspeaker.playing(now_ms()), what="the next answer")
        await phone.heard(300)
        phone.hang_up()
        await phone.over()
        greeting, moment = (item for item in model.items.values() if item.role == "assistant")
        heard, next_heard = truth.heard([phone.loudspeaker], list(model.items.values()), now_ms())
        cut = phone.loudspeaker.cuts[0]
        assert heard.item is greeting
        assert cut.why == "clear"
        assert cut.played_bytes == heard.played_ms * 8
        assert 1500 < heard.played_ms < greeting.generated_ms
        assert heard.text.split() == [word.text for word in greeting.words if word.end_ms <= heard.played_ms]
        assert f"{heard.text} {heard.unheard_text}" == greeting.text
        assert next_heard.item is moment
        assert heard.started_ms is not None
        assert next_heard.played_ms == pytest.approx(300, abs=100)
        check_echoes(phone, cut.at_ms)


def check_echoes(phone: Phone, cleared_ms: float) -> None:
    """Every mark comes back once and in order, none before the audio in front of it was played or cleared."""
    assert phone.stream
    marks = [json.loads(text)["mark"]["name"] for _, text in phone.stream.received if '"mark"' in str(text)]
    echoes = [(at_ms, event["mark"]["name"]) for at_ms, event in phone.stream.uplink.sent if event["event"] == "mark"]
    assert [name for _, name in echoes] == marks[: len(echoes)]
    for (at_ms, _), chunk in zip(echoes, phone.loudspeaker.chunks, strict=False):
        was_there = chunk.arrived_ms <= cleared_ms
        assert at_ms == pytest.approx(min(chunk.end_ms, cleared_ms) if was_there else chunk.end_ms, abs=0.2)
    assert sum(at_ms == cleared_ms for at_ms, _ in echoes) >= 2


@together
async def test_a_line_that_sends_no_frames_while_nobody_speaks() -> None:
    line = Line(gaps=True, noise=False)
    async with Model() as model, Relay(model.base_url).serve() as relay, Phone(relay.url, line=line) as phone:
        assert await phone.call()
        await asyncio.sleep(0.3)
        assert phone.sent_audio == b""
        phone.say(speech.load("caller-yes"))
        await phone.until_said()
        await asyncio.sleep(0.3)
        padded = -(-len(speech.load("caller-yes").audio) // 160) * 160
        assert len(phone.sent_audio) == padded
        assert phone.sent_audio.startswith(speech.load("caller-yes").audio)


@together
async def test_frames_in_bursts_and_after_a_stall_of_the_network() -> None:
    line = Line(burst_frames=5, stalls=((300.0, 700.0),))
    async with Model() as model, Relay(model.base_url).serve() as relay, Phone(relay.url, line=line) as phone:
        assert await phone.call()
        await asyncio.sleep(1.5)
        phone.hang_up()
        await phone.over()
        session = model.session()
        assert phone.sent_audio == session.appended
        arrivals = [at_ms for at_ms, _ in session.ears.appends]
        gaps = [later - earlier for earlier, later in pairwise(arrivals)]
        assert max(gaps) > 300
        assert sum(gap > 50 for gap in gaps) < len(gaps) / 4


async def test_strangers_are_refused_and_twilio_says_why() -> None:
    async with Model() as model, Relay(model.base_url).serve() as relay:
        for ring, connect_with, code in (
            ({"signature": None}, {}, 11200),
            ({"signature": "bad"}, {}, 11200),
            ({}, {"signature": None}, 31920),
            ({}, {"signature": "bad"}, 31920),
        ):
            async with Phone(relay.url) as phone:
                document = await phone.ring(**ring)
                assert document.status == (403 if ring else 200)
                assert not await phone.connect(**connect_with)
                assert [notice.code for notice in phone.warnings] == [code]
        assert model.sessions == []


async def test_another_secret_and_a_get_request() -> None:
    async with Model() as model, Relay(model.base_url).serve() as relay:
        async with Phone(relay.url, auth_token="another") as phone:
            assert (await phone.ring()).status == 403
        async with Phone(relay.url) as phone:
            assert (await phone.ring(method="GET")).status == 200
            assert relay.asked[-1]["CallSid"] == phone.call_sid


async def test_a_webhook_delivered_twice_and_a_call_that_rings_again() -> None:
    async with Model() as model, Relay(model.base_url).serve() as relay, Phone(relay.url) as phone:
        await phone.ring("CA" + "1" * 32)
        await phone.ring(phone.call_sid)
        assert relay.tokens[0] == relay.tokens[1]
        assert await phone.connect()
        phone.hang_up()
        await phone.over()
        await phone.ring(phone.call_sid)
        assert phone.ended is None
        assert await phone.connect()


async def test_nobody_answers() -> None:
    async with Phone("http://127.0.0.1:1") as phone:
        document = await phone.ring()
        assert [notice.code for notice in document.notices] == [11205]
        assert not await phone.connect()
        assert phone.ended == "error"


async def test_the_action_decides_when_the_server_has_closed_the_stream() -> None:
    after = (
        "<Response><Say>We are sorry.</Say><Dial>+15550009999</Dial><Pause length='0'/>"
        "<Redirect>/after-dial</Redirect><Say>never</Say></Response>"
    )
    async with Model() as model, Relay(model.base_url, after=after).serve() as relay, Phone(relay.url) as phone:
        assert await phone.call()
        relay.close_stream.set()
        assert await phone.over() == "error"
        assert relay.asked[-1]["CallStatus"] == "in-progress"
        assert phone.said == ["We are sorry."]
        assert phone.dialled == ["+15550009999"]
        assert [notice.code for notice in phone.notices] == [31921, 11200]
        assert phone.stream
        assert (phone.stream.close_code, phone.stream.close_reason) == (4001, "enough")


async def test_a_broken_stream_is_connected_again() -> None:
    """The connection drops, the call does not: a second stream with a name of its own."""
    again = '<Response><Connect><Stream url="wss://voice.example.org/media-stream"/></Connect><Hangup/></Response>'
    async with Model() as model, Relay(model.base_url, after=again).serve() as relay, Phone(relay.url) as phone:
        assert await phone.call()
        phone.drop()
        await phone.until(lambda: len(phone.streams) == 2, what="the second stream")
        assert phone.streams[0].start.stream_sid != phone.streams[1].start.stream_sid
        relay.close_stream.set()
        assert await phone.over() == "hangup"
        assert [notice.code for notice in phone.notices] == [31921]


@pytest.mark.parametrize(
    ("document", "ended", "said"),
    [
        ("<Response><Say>Hello</Say></Response>", "document ended", ["Hello"]),
        ("<Response><Say>Hello</Say><Hangup/><Say>never</Say></Response>", "hangup", ["Hello"]),
        ("<Response><Reject reason='busy'/><Say>never</Say></Response>", "rejected", []),
        ("<Response><Speak/></Response>", "document ended", []),
        ("<Response", "error", []),
    ],
)
async def test_documents_without_a_stream(document: str, ended: str, said: list[str]) -> None:
    async with Relay("http://x", twiml=document).serve() as relay, Phone(relay.url) as phone:
        assert not await phone.call()
        assert (phone.ended, phone.said) == (ended, said)


async def test_a_caller_who_vanishes_without_a_word() -> None:
    """No `stop`: the server sees a broken connection, and is asked what to do with a call that is over."""
    async with Model() as model, Relay(model.base_url).serve() as relay, Phone(relay.url) as phone:
        assert await phone.call()
        phone.hang_up(stop=False)
        assert await phone.over() == "caller"
        assert relay.asked[-1]["CallStatus"] == "completed"
        assert [event["event"] for event in relay.events if event["event"] == "stop"] == []


@together
async def test_a_stream_that_says_nothing_and_one_that_lies() -> None:
    async with Model() as model, Relay(model.base_url).serve() as relay:
        async with Phone(relay.url) as phone:
            await phone.ring()
            assert await phone.connect(mute_start=True)
            phone.send_raw("garbage")
            await asyncio.sleep(0.3)
            assert relay.events == []
        async with Phone(relay.url) as phone:
            await phone.ring()
            assert await phone.connect(parameters={"token": "stolen"}, call_sid="CA1", slash=False)
            await phone.until(lambda: len(relay.events) > 1)
            start = relay.events[1]["start"]
            assert (start["customParameters"], start["callSid"]) == ({"token": "stolen"}, "CA1")


@together
async def test_what_is_nowhere_documented_can_be_switched() -> None:
    """Cleared marks in another order, and marks that come back when the caller hangs up."""
    line = Line(clear_reversed=True, echo_at_stop=True)
    async with Model() as model, Relay(model.base_url).serve() as relay, Phone(relay.url, line=line) as phone:
        assert await phone.call()
        await phone.until(lambda: bool(relay.stream_sids))
        server, sid = relay.phone, phone.streams[0].start.stream_sid
        assert server
        payload = base64.b64encode(speech.tone(500)).decode()
        for name in ("one", "two"):
            await server.send_json({"event": "media", "streamSid": sid, "media": {"payload": payload}})
            await server.send_json({"event": "mark", "streamSid": sid, "mark": {"name": name}})
        await phone.until_playing()
        await phone.heard(50)
        await server.send_json({"event": "clear", "streamSid": sid})
        await phone.until(lambda: len(phone.loudspeaker.cuts) == 1)
        assert phone.played_at(50) == pytest.approx(phone.played[0][2] + 50)
        with pytest.raises(NeverHappened):
            phone.played_at(400)
        await server.send_json({"event": "media", "streamSid": sid, "media": {"payload": payload}})
        await server.send_json({"event": "mark", "streamSid": sid, "mark": {"name": "three"}})
        await phone.until(lambda: phone.loudspeaker.waiting == ("three",))
        phone.hang_up()
        await phone.over()
        marks = [event["mark"]["name"] for _, event in phone.streams[0].uplink.sent if event["event"] == "mark"]
        assert marks == ["two", "one", "three"]


def test_signatures_are_twilios() -> None:
    """The vectors of the library; the port of a secure address is not signed."""
    webhooks = Webhooks("http://127.0.0.1:1", "https://example.com", "12345")
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675310", "Digits": "1234"}
    fields |= {"From": "+14158675310", "To": "+18005551212"}
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert webhooks.signature(url, fields) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert webhooks.signature("wss://example.com/ws", {}) == "HXrgvHt0qTHu33oSxSjpOvWtO60="
    assert webhooks.signature("wss://example.com/ws/", {}) == "j0Lk7oc4I3dN5+UOMYWX25p8tJA="
    assert webhooks.signature("wss://example.com:8443/ws", {}) == "HXrgvHt0qTHu33oSxSjpOvWtO60="


async def test_what_a_server_says_wrongly_is_shown() -> None:
    async with Model() as model, Relay(model.base_url).serve() as relay, Phone(relay.url) as phone:
        assert await phone.call()
        await phone.until(lambda: relay.phone is not None)
        assert relay.phone
        await relay.phone.send_bytes(b"\x00")
        await relay.phone.send_str('{"event":"clear","stream_sid":"MZ"}')
        await phone.until(lambda: len(phone.warnings) == 2)
        assert [notice.code for notice in phone.warnings] == [31950, 31951]


def basic(password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{ACCOUNT_SID}:{password}'.encode()).decode()}"}


async def test_rest_api_redirects_and_ends_a_live_call() -> None:
    async with (
        Model() as model,
        Relay(model.base_url).serve() as relay,
        RestApi() as rest,
        ClientSession(headers=basic(AUTH_TOKEN)) as client,
        Phone(relay.url, rest=rest) as phone,
    ):
        base = f"{rest.base_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Calls"
        assert await phone.call()
        url = f"{base}/{phone.call_sid}.json"
        async with client.get(url) as answer:
            assert (await answer.json())["status"] == "in-progress"
        transfer = {"Twiml": "<Response><Dial>+15550007777</Dial><Pause length='5'/></Response>"}
        async with client.post(url, data=transfer) as answer:
            assert answer.status == 200
        await phone.until(lambda: phone.dialled == ["+15550007777"])
        await phone.until(lambda: relay.events[-1]["event"] == "stop")
        async with client.post(url, data={"Status": "completed"}) as answer:
            assert (await answer.json())["status"] == "completed"
        assert await phone.over() == "api"
        async with client.post(url, data={"Status": "completed"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 21220)
        async with client.post(f"{base}/CA0.json", data={"Status": "completed"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, 20404)
        async with client.get(url, headers=basic("wrong")) as answer:
            assert (answer.status, (await answer.json())["code"]) == (401, 20003)
        assert [change.status for change in rest.changes] == [200, 200, 200, 400, 404, 401]


@together
async def test_twenty_calls_at_once_are_told_apart() -> None:
    """Every caller's audio arrives whole and in order in a session of its own."""
    async with (
        Model(spoken("agent-moment")) as model,
        Relay(model.base_url).serve() as relay,
        contextlib.AsyncExitStack() as stack,
    ):
        phones = [await stack.enter_async_context(Phone(relay.url, line=Line(seed=seed))) for seed in range(20)]

        async def call(phone: Phone) -> None:
            assert await phone.call()
            await phone.until_playing()
            phone.say(speech.load("caller-yes"))
            await phone.until_said()
            phone.hang_up()
            await phone.over()

        await asyncio.gather(*map(call, phones))
        sessions = {model.session_of(phone.sent_audio).number for phone in phones}
        assert len(sessions) == 20
        for phone in phones:
            session = model.session_of(phone.sent_audio)
            assert truth.delivery(phone.sent_audio, session.appended) == truth.Delivery(0, 0, 0)
        assert model.refusals == []


@together
async def test_a_barge_in_behind_the_price() -> None:
    """The bakery's call: the store discount is generated, and never heard."""
    credit = speech.load("agent-total").word("credit?")
    async with (
        Model(spoken("agent-total")) as model,
        Relay(model.base_url).serve() as relay,
        Phone(relay.url) as phone,
    ):
        assert await phone.call()
        await phone.heard(credit.end_ms + 40)
        phone.say(speech.load("caller-wait"))
        await phone.until(lambda: bool(model.session().caller_said), what="the caller's turn")
        (total,) = truth.heard([phone.loudspeaker], list(model.items.values()), now_ms())
        assert total.text == "That will be $9.05. Cash or credit?"
        assert total.unheard_text == "We also have a store discount you can apply now."
        assert total.item.text == f"{total.text} {total.unheard_text}"
        assert model.session().caller_said == ["Wait, wait."]
