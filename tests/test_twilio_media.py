"""Media Streams' messages, read and written."""

import json
from contextlib import suppress
from typing import Any

import pytest
from asserts import ANY
from hypothesis import given
from hypothesis import strategies as st

from twilio_openai.protocols import twilio_media as twilio
from twilio_openai.protocols.message import MalformedMessage

START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "secret", "number": 7},
    },
}
MEDIA = (
    '{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"2","timestamp":"57","payload":"/v7+"}}'
)


def test_the_start_of_a_stream() -> None:
    start = twilio.parse(json.dumps(START))
    assert start == twilio.Start("MZ1", "CA1", "AC1", "audio/x-mulaw", 8000, {"token": "secret", "number": "7"})


def test_the_start_of_a_stream_without_what_may_be_absent() -> None:
    start = twilio.parse('{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1","customParameters":null}}')
    assert start == twilio.Start("MZ1", "CA1", "", "audio/x-mulaw", 8000, {})


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ('{"event":"connected","protocol":"Call","version":"1.0.0"}', twilio.Connected()),
        (MEDIA, twilio.Media("/v7+")),
        ('{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"g0-1"}}', twilio.Mark("g0-1")),
        ('{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"#"}}', twilio.Dtmf("#")),
        ('{"event":"stop","stop":{"accountSid":"AC1","callSid":"CA1"}}', twilio.Stop()),
        ('{"event":"stop"}', twilio.Stop()),
        ('{"event":"something new","streamSid":"MZ1"}', twilio.Unknown("something new")),
    ],
)
def test_what_twilio_says(text: str, event: twilio.Event) -> None:
    assert twilio.parse(text) == event


@pytest.mark.parametrize(
    "text",
    [
        b"\x00\x01",
        "",
        "nonsense",
        "[]",
        "null",
        "7",
        "{}",
        '{"event":null}',
        '{"event":["media"]}',
        '{"event":"media"}',
        '{"event":"media","media":"payload"}',
        '{"event":"media","media":{"payload":7}}',
        '{"event":"mark","mark":{}}',
        '{"event":"dtmf","dtmf":{"digit":5}}',
        '{"event":"dtmf","dtmf":{"digit":""}}',
        '{"event":"dtmf","dtmf":{"digit":"12"}}',
        '{"event":"dtmf","dtmf":{"digit":"x"}}',
        '{"event":"start"}',
        '{"event":"start","start":{"streamSid":"MZ1"}}',
        "[" * 100_000,
        '{"event":"media","media":' + "9" * 10_000 + "}",
        '{"event":"mark","mark":{"name":"g0-1"}',
    ],
)
def test_what_is_not_as_documented_raises_one_error(text: str | bytes) -> None:
    with pytest.raises(MalformedMessage):
        twilio.parse(text)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", "else"])


@ANY
@given(EVENTS, st.dictionaries(EVENTS | st.text(max_size=5), JSON, max_size=4))
def test_any_object_is_an_event_or_malformed(event: str, fields: dict[str, Any]) -> None:
    with suppress(MalformedMessage):
        twilio.parse(json.dumps({**fields, "event": event}))


@ANY
@given(st.text() | st.binary())
def test_any_text_is_an_event_or_malformed(text: str | bytes) -> None:
    with suppress(MalformedMessage):
        twilio.parse(text)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_the_payload_is_cut_out_of_a_frame_without_parsing_it(separators: tuple[str, str]) -> None:
    assert twilio.media_payload(json.dumps(json.loads(MEDIA), separators=separators)) == "/v7+"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(START),
        '{"event":"mark","mark":{"name":"payload\\":\\"x"}}',
        '{"sequenceNumber":"3","event":"media","media":{"payload":"/v7+"}}',
        '{"event":"media","media":{"payload":""}}',
        '{"event":"media","media":{"payload":7}}',
        '{"event":"media","media":{"payload":"/v7+',
        '{"event":"media"}',
        "",
    ],
)
def test_any_other_message_is_parsed_the_long_way(text: str) -> None:
    assert twilio.media_payload(text) is None


def test_what_we_say_to_twilio() -> None:
    media = twilio.media_head("MZ1") + "/v7+" + twilio.MEDIA_TAIL
    assert json.loads(media) == {"event": "media", "streamSid": "MZ1", "media": {"payload": "/v7+"}}
    assert json.loads(twilio.mark("MZ1", "g0-1")) == {"event": "mark", "streamSid": "MZ1", "mark": {"name": "g0-1"}}
    assert json.loads(twilio.clear("MZ1")) == {"event": "clear", "streamSid": "MZ1"}


def test_a_strange_stream_sid_makes_no_broken_message() -> None:
    odd = 'MZ"},\\'
    for text in (twilio.media_head(odd) + twilio.MEDIA_TAIL, twilio.mark(odd, "m"), twilio.clear(odd)):
        assert json.loads(text)["streamSid"] == odd
