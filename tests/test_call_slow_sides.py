"""A side that does not read: memory stays bounded, what is old is dropped, and control gets through."""

import asyncio
import base64
import json

from house import House, house, say, until
from stage import by_itself

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.phone import Phone


def stop_reading(phone: Phone) -> None:
    socket = phone.streams[0]._socket
    assert socket
    socket.transport.pause_reading()


def read_again(phone: Phone) -> None:
    socket = phone.streams[0]._socket
    assert socket
    socket.transport.resume_reading()


def held(h: House) -> int:
    """Bytes that the one call of this house keeps for its slow side."""
    [call] = h.app.state.server.calls
    bridge = call._bridge
    return int(sum(side.unsent for side in bridge._sides.values()) + sum(map(len, bridge._waiting)))


def talk(phone: Phone, frames: int) -> None:
    """Frames of a second each, all at once."""
    payload = base64.b64encode(speech.faint(1000)).decode()
    media = {"track": "inbound", "chunk": "1", "timestamp": "1", "payload": payload}
    for _ in range(frames):
        phone.streams[0].uplink.post("media", media, 0.0)


def flood(h: House, total: int) -> int:
    """The model sends so many bytes of audio at once; the size of a message."""
    session = h.model.session()
    item = next(item for item in session.items if item.role == "assistant")
    place = {"response_id": item.response_id, "item_id": item.id}
    delta = {"delta": base64.b64encode(speech.faint(2000)).decode()}
    message = json.dumps({"type": "response.output_audio.delta", **place, **delta}, separators=(",", ":"))
    for _ in range(total // len(message)):
        session.wire.send_raw(message)
    return len(message)


@by_itself
async def test_a_phone_that_stops_reading() -> None:
    async with house([say("agent-moment")]) as h:
        phone = await h.call()
        await phone.until_playing()
        stop_reading(phone)
        size, most = flood(h, 30_000_000), 0
        for _ in range(150):
            await asyncio.sleep(0.01)
            most = max(most, held(h))
        assert most < 1_500_000
        unread = h.model.session().wire._outbox
        assert unread.qsize() * size > 8_000_000, "the model is not read any more: the rest is in the kernel's buffers"

        read_again(phone)
        await until(lambda: unread.qsize() == 0, 15, "all of it to be read in the end")
        phone.hang_up()
        record = await h.record(phone)
        assert record["ended_by"] == "caller"


@by_itself
async def test_a_phone_that_never_reads_again_still_has_a_record() -> None:
    async with house([say("agent-moment")]) as h:
        phone = await h.call()
        await phone.until_playing()
        stop_reading(phone)
        flood(h, 20_000_000)
        await asyncio.sleep(0.5)
        await h.app.state.server.close()
        record = await h.record(phone, 5)
        assert record["ended_by"] == "shutdown"
        read_again(phone)


@by_itself
async def test_a_model_that_stops_reading() -> None:
    async with house([say("agent-moment"), say("agent-sure")]) as h:
        phone = await h.call()
        await phone.until_playing()
        await phone.until_quiet()
        session = h.model.session()
        session._socket.transport.pause_reading()
        most = 0
        for _ in range(120):
            talk(phone, 20)
            await asyncio.sleep(0.01)
            most = max(most, held(h))
        assert most < 18_000_000, "1500 frames of 1 s, and what a socket may hold"
        phone.press("7#")
        await asyncio.sleep(0.2)
        session._socket.transport.resume_reading()
        await until(lambda: bool(h.to_model("conversation.item.create")), 8, "the digit: control is never dropped")
        phone.hang_up()
        record = await h.record(phone)
        assert record["ended_by"] == "caller"
        assert len(session.appended) < record["stream"]["bytes_in"] - 8_000_000, "the oldest audio was dropped"


@by_itself
async def test_what_is_dropped_for_a_slow_model_is_counted() -> None:
    async with house([say("agent-moment")]) as h:
        phone = await h.call()
        await phone.until_playing()
        session = h.model.session()
        session._socket.transport.pause_reading()
        talk(phone, 2400)
        await asyncio.sleep(1)
        session._socket.transport.resume_reading()
        phone.hang_up()
        record = await h.record(phone)
        assert record["stream"]["dropped"] > 0
