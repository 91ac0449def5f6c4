"""The caller's audio on its way to the model: every byte, once, in order; silence only where the line has a gap."""

import asyncio
import base64

import pytest
from house import House, house, say, until, words
from stage import together

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.phone import Phone

FILL = b"\xff"


async def finish(h: House, phone: Phone) -> bytes:
    """Hang up; what the model was given."""
    phone.hang_up()
    await h.record(phone)
    return h.model.session().appended


@pytest.mark.parametrize(
    "line",
    [Line(), Line(120, 40, 30), Line(burst_frames=5), Line(burst_frames=7, jitter_ms=20), Line(noise=False)],
    ids=["perfect", "delayed", "bursts of 100 ms", "bursts of 140 ms", "digital silence"],
)
@together
async def test_every_byte_in_order(line: Line) -> None:
    async with house([say("agent-moment"), say("agent-moment")]) as h:
        phone = await h.call(line)
        phone.say(speech.load("caller-yes"))
        await asyncio.sleep(2.5)
        appended = await finish(h, phone)
        assert len(appended) > 8 * 2000
        assert phone.sent_audio.startswith(appended)
        assert len(phone.sent_audio) - len(appended) <= 8 * (line.delay_out_ms + 200 + 20 * line.burst_frames)


@together
async def test_what_is_said_before_the_session_is_up_is_kept() -> None:
    async with house([say("agent-moment")], update_ms=1500.0) as h:
        phone = await h.call()
        phone.say(speech.load("caller-hello"))
        await asyncio.sleep(4.0)
        appended = await finish(h, phone)
        assert phone.sent_audio.startswith(appended)
        assert len(appended) > 8 * 3500
        record = await h.record(phone)
        assert words(record["turns"], "caller") == ["Hello, I would like to place an order."]
        first_ms, first = h.model.session().ears.appends[0]
        assert first
        updated_ms = next(at for at, event in h.model.session().sent if event["type"] == "session.updated")
        assert first_ms >= updated_ms, "nothing is sent to a session that is not confirmed"


@together
async def test_a_line_with_gaps_is_filled_in_real_time() -> None:
    async with house([say("agent-moment"), say("agent-sure")]) as h:
        phone = await h.call(Line(gaps=True, burst_frames=1))
        await phone.until_playing()
        await phone.until_quiet(500)
        phone.say(speech.load("caller-yes"))
        await phone.until_said()
        started = asyncio.get_running_loop().time()
        await phone.until_playing()
        waited_s = asyncio.get_running_loop().time() - started
        await phone.until_quiet()
        appended = await finish(h, phone)
        assert waited_s < 1.6, "the turn ends by itself: 300 ms of gap and 500 ms of silence"
        assert appended.replace(FILL * 160, b"") == phone.sent_audio.replace(FILL * 160, b"")
        record = await h.record(phone)
        assert words(record["turns"], "caller") == ["Yes please."]
        assert record["stream"]["gaps"] >= 1
        up_ms = phone.streams[0].ended_ms - phone.streams[0].started_ms
        assert record["stream"]["longest_silence_ms"] > 1000
        assert up_ms - 1200 < len(appended) / 8 < up_ms + 100, "real time: neither slower nor faster"


@together
async def test_a_gap_below_300_ms_is_not_filled() -> None:
    async with house([say("agent-moment")]) as h:
        phone = await h.call(Line(stalls=((1000, 250), (2000, 250))))
        await asyncio.sleep(3)
        appended = await finish(h, phone)
        assert phone.sent_audio.startswith(appended)


@together
async def test_a_burst_after_a_gap_is_not_told_twice() -> None:
    async with house([say("agent-moment")]) as h:
        phone = await h.call(Line(stalls=((800, 1000), (2600, 800))))
        await asyncio.sleep(4.5)
        appended = await finish(h, phone)
        sent = phone.sent_audio
        assert (
            appended.replace(FILL * 160, b"")
            == sent[: len(sent)].replace(FILL * 160, b"")[: len(appended.replace(FILL * 160, b""))]
        )
        doubled_ms = (len(appended) - len(sent)) / 8
        assert doubled_ms < 850, "the second gap waits for as long as the first was told twice"
        assert doubled_ms > 300


@together
async def test_audio_in_other_frames_than_twilios_usual_ones() -> None:
    async with house([say("agent-moment")]) as h:
        phone = await h.call()
        stream = phone.streams[0]
        await until(lambda: bool(h.model.session().appended), 5)
        odd = [b"\x12\x34\x56", b"\x00", bytes(range(256)) * 20]
        for payload in odd:
            media = {"track": "inbound", "chunk": "1", "timestamp": "1", "payload": base64.b64encode(payload).decode()}
            stream.uplink.post("media", media, 0.0)
        await until(lambda: all(payload in h.model.session().appended for payload in odd), 3)
        assert h.model.refusals == []
        phone.hang_up()
