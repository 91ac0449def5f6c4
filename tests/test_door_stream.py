"""Who is let in by the media stream: Twilio's signature, then the token of this call, once and in time."""

import asyncio
import json
import time

import pytest
from house import house, http, say
from signed import CONNECTED, closed, dropped, fields, no_model, ring, sign, start, twiml, upgraded, wss
from stage import together
from websockets.exceptions import InvalidStatus

from twilio_openai import stream_token
from twilio_openai.rehearsal.phone import AUTH_TOKEN
from twilio_openai.rehearsal.webhooks import sid
from twilio_openai.switchboard import Next, Switchboard


@together
async def test_a_stream_that_twilio_did_not_sign_is_refused_before_the_upgrade() -> None:
    async with house() as h:
        for signature in (None, "", "x", sign(wss(h), key="another"), sign(h.settings.origin or ""), sign(h.url)):
            with pytest.raises(InvalidStatus) as refused:
                async with upgraded(h, signature):
                    pass
            assert refused.value.response.status_code == 403
        assert len(h.events("signature.refused")) == 6
        assert no_model(h)


@pytest.mark.parametrize("signed", ["/media-stream", "/media-stream/"])
@pytest.mark.parametrize("dialled", ["/media-stream", "/media-stream/"])
@together
async def test_a_slash_at_the_end_makes_no_difference(signed: str, dialled: str) -> None:
    async with house() as h, upgraded(h, sign(wss(h, signed)), dialled) as socket:
        assert socket.response
        assert socket.response.status_code == 101


@together
async def test_tokens() -> None:
    async with house([say("agent-moment")]) as h:
        mine, other = fields(), fields()
        token = twiml(await ring(h, mine)).parameters["token"]
        others = twiml(await ring(h, other)).parameters["token"]
        old = stream_token.mint(AUTH_TOKEN, mine["CallSid"], time.time() - 61)
        future = stream_token.mint(AUTH_TOKEN, mine["CallSid"], time.time() + 3600)
        for bad in (None, "", "x", others, old, future, token[:-1], token + "0", token.upper(), "1." + "0" * 64, "ä.ß"):
            await closed(h, CONNECTED, start(mine["CallSid"], bad))
        assert len(h.model.handshakes) <= 2, "those that were dialled when the phones rang"
        assert h.model.sessions[0].closed_ms, "it waits for nobody any more"

        async with upgraded(h, sign(wss(h))) as socket:
            await socket.send(CONNECTED)
            await socket.send(start(mine["CallSid"], token))
            await h.event("websocket.opened")
            await closed(h, CONNECTED, start(mine["CallSid"], token))
        await h.event("call.transcript")
        await closed(h, CONNECTED, start(mine["CallSid"], token))
        assert len(h.events("call.started")) == 1
        assert len(h.events("call.transcript")) == 1


@together
async def test_a_stream_that_does_not_begin_as_twilios_do_is_closed() -> None:
    async with house() as h:
        form = fields()
        token = twiml(await ring(h, form)).parameters["token"]
        good = start(form["CallSid"], token)
        media = json.dumps({"event": "media", "streamSid": "MZ", "media": {"payload": "/w=="}})
        openings: list[tuple[str | bytes, ...]] = [
            (good,),
            (media,),
            (CONNECTED, media),
            (CONNECTED, CONNECTED),
            (CONNECTED, json.dumps({"event": "stop"})),
            ("{",),
            ("[]",),
            (b"\x00\x01",),
            (CONNECTED, "null"),
            (CONNECTED, json.dumps({"event": "start"})),
            (CONNECTED, json.dumps({"event": "start", "start": {"callSid": 7}})),
            (CONNECTED, start(form["CallSid"], token, account_sid=sid("AC"))),
            (CONNECTED, start(form["CallSid"], token, mediaFormat={"encoding": "audio/l16", "sampleRate": 16000})),
            (CONNECTED, start(form["CallSid"], token, customParameters="token")),
        ]
        await asyncio.gather(*(closed(h, *opening) for opening in openings))
        await dropped(h)
        assert len(h.events("stream.refused")) == len(openings)


@together
async def test_a_stream_that_never_starts_is_closed_after_five_seconds() -> None:
    async with house() as h:
        before = time.monotonic()
        await asyncio.gather(closed(h, within_s=7), closed(h, CONNECTED, within_s=7))
        assert 4.5 < time.monotonic() - before < 6.5
        assert no_model(h)


@together
async def test_a_refused_stream_is_told_so() -> None:
    async with house() as h:
        assert await closed(h, CONNECTED, start(sid("CA"), "no-token")) == 1008


@together
async def test_a_silent_stream_is_closed_five_seconds_after_the_upgrade_in_all() -> None:
    async with house() as h, upgraded(h, sign(wss(h))) as socket:
        await asyncio.sleep(3)
        await socket.send(CONNECTED)
        async with asyncio.timeout(3):
            await socket.wait_closed()


# -- the webhook again, and limits


@together
async def test_the_webhook_of_a_live_call_is_idempotent_and_of_an_ended_one_starts_afresh() -> None:
    async with house([say("agent-moment"), say("agent-sure")]) as h:
        phone = await h.phone()
        first = await phone.ring()
        again = await phone.ring(phone.call_sid)
        assert again.body == first.body
        await phone.connect()
        await phone.until_playing()
        assert twiml(await ring(h, fields(phone.call_sid))).stream
        phone.hang_up()
        await h.record(phone)
        await phone.over()

        after = twiml(await ring(h, fields(phone.call_sid)))
        assert after.parameters["token"] != first.parameters["token"]
        async with upgraded(h, sign(wss(h))) as socket:
            await socket.send(CONNECTED)
            await socket.send(start(phone.call_sid, after.parameters["token"]))
            await h.model.opened(1)
        assert len(h.events("call.started")) == 2


@together
async def test_a_full_house_has_words_and_no_stream() -> None:
    async with house([say("agent-moment")], max_calls=1) as h, http(h.url) as client:
        assert (await client.get("/readyz")).status_code == 200
        phone = await h.call()
        refused = twiml(await ring(h, fields()))
        assert refused.stream is None
        assert refused.verb("Say")
        assert refused.verb("Hangup")
        assert twiml(await ring(h, fields(phone.call_sid))).stream, "a call that is up already is not refused"
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        phone.hang_up()
        await h.record(phone)
        assert (await client.get("/readyz")).status_code == 200
        assert twiml(await ring(h, fields())).stream


def test_a_place_is_kept_for_thirty_seconds() -> None:
    board = Switchboard("key", 1)
    assert board.reserve("CA1", "", "", 0.0)
    assert board.reserve("CA2", "", "", 29.9) is None
    assert board.reserve("CA2", "", "", 30.1)
    assert board.reserve("CA1", "", "", 30.2) is None


def test_a_call_is_connected_again_three_times_a_minute() -> None:
    board = Switchboard("key", 10)
    first = board.reserve("CA1", "", "", 0.0)
    tokens = {first.token if first else ""}
    for n in range(3):
        following, place = board.after_stream("CA1", "in-progress", 1.0 + n)
        assert following is Next.CONNECT_AGAIN
        assert place
        assert place.token not in tokens
        tokens.add(place.token)
    assert board.after_stream("CA1", "in-progress", 5.0)[0] is Next.APOLOGISE
    assert board.after_stream("CA1", "in-progress", 70.0)[0] is Next.CONNECT_AGAIN


def test_tokens_are_of_one_call_and_one_minute() -> None:
    token = stream_token.mint("key", "CA1", 1000.0)
    assert stream_token.is_valid(token, "key", "CA1", 1000.0)
    assert stream_token.is_valid(token, "key", "CA1", 1059.9)
    assert not stream_token.is_valid(token, "key", "CA1", 1060.1)
    assert not stream_token.is_valid(token, "key", "CA2", 1000.0)
    assert not stream_token.is_valid(token, "other", "CA1", 1000.0)
