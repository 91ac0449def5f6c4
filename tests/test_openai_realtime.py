"""The Realtime API's events, read and written."""

import json
from contextlib import suppress
from typing import Any

import pytest
from asserts import ANY
from hypothesis import given
from hypothesis import strategies as st

from twilio_openai.protocols import openai_realtime as realtime
from twilio_openai.protocols.message import MalformedMessage

IDS = {"event_id": "event_1", "response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}


def read(kind: str, **fields: Any) -> realtime.Event:
    return realtime.parse(json.dumps({"type": kind, **fields}))


def test_the_session() -> None:
    assert read("session.updated", session={"expires_at": 1_795_000_000}) == realtime.SessionUpdated(1_795_000_000)
    assert read("session.updated", session={"expires_at": None}) == realtime.SessionUpdated(0)


def test_the_callers_speech() -> None:
    started = read("input_audio_buffer.speech_started", item_id="user_1", audio_start_ms=640)
    assert started == realtime.SpeechStarted("user_1", 640)
    assert isinstance(read("input_audio_buffer.speech_stopped", item_id="user_1"), realtime.SpeechStopped)
    kind = "input_audio_buffer.committed"
    assert read(kind, item_id="user_1", previous_item_id=None) == realtime.Committed("user_1", "")
    assert read(kind, item_id="user_1", previous_item_id="item_0") == realtime.Committed("user_1", "item_0")


def test_what_the_caller_said() -> None:
    kind = "conversation.item.input_audio_transcription."
    assert read(kind + "completed", item_id="u", transcript=" Hi.\n") == realtime.Transcribed("u", "Hi.")
    failed = realtime.TranscriptionFailed("u", "noise")
    assert read(kind + "failed", item_id="u", error={"message": "noise"}) == failed
    assert read(kind + "failed", item_id="u", error=None) == realtime.TranscriptionFailed("u", "no reason given")
    assert isinstance(read(kind + "delta", item_id="u", delta="H"), realtime.Unknown)


def test_an_items_place() -> None:
    item = {"id": "fco_1", "type": "function_call_output", "call_id": "call_1", "output": "{}"}
    added = read("conversation.item.added", previous_item_id="item_1", item=item)
    assert added == realtime.ItemAdded("fco_1", "item_1", "call_1")
    call = read("conversation.item.added", item={"id": "fc_1", "type": "function_call", "call_id": "call_1"})
    assert call == realtime.ItemAdded("fc_1", "", "")


@pytest.mark.parametrize("name", ["output_audio", "audio"])
def test_an_answers_audio_and_words_under_both_names(name: str) -> None:
    assert read(f"response.{name}.delta", **IDS, delta="//8=") == realtime.AudioDelta("resp_1", "item_1", "//8=")
    assert read(f"response.{name}.done", **IDS) == realtime.AudioDone("item_1")
    assert read(f"response.{name}_transcript.delta", **IDS, delta=" a") == realtime.TextDelta("item_1", " a")
    assert read(f"response.{name}_transcript.done", **IDS, transcript="a") == realtime.TextDone("item_1", "a")


def test_an_items_beginning_and_end() -> None:
    added = read("response.output_item.added", response_id="resp_1", item={"id": "item_1", "type": "message"})
    assert added == realtime.OutputItemAdded("resp_1", "item_1", "message")
    content = [{"type": "output_audio", "transcript": "One."}, {"type": "output_text", "text": "Two."}, 7, {}]
    item = {"id": "item_1", "type": "message", "status": "incomplete", "content": content}
    done = read("response.output_item.done", response_id="resp_1", item=item)
    assert done == realtime.OutputItemDone("resp_1", "item_1", "message", "incomplete", "One. Two.", "", "", "")
    call = {"id": "fc", "type": "function_call", "status": "completed", "name": "f", "call_id": "c", "arguments": "{}"}
    done = read("response.output_item.done", response_id="resp_1", item=call)
    assert done == realtime.OutputItemDone("resp_1", "fc", "function_call", "completed", "", "f", "c", "{}")


def test_an_answers_beginning_and_end() -> None:
    assert read("response.created", response={"id": "resp_1"}) == realtime.ResponseCreated("resp_1")
    response: dict[str, Any] = {"id": "resp_1", "status": "completed", "status_details": None, "usage": {"n": 1}}
    assert read("response.done", response=response) == realtime.ResponseDone("resp_1", "completed", "", {"n": 1})
    response |= {"status": "failed", "usage": None}
    for details, code in [
        ({"error": {"code": "server_error"}}, "server_error"),
        ({"error": {"type": "server_error", "code": None}}, "server_error"),
        ({"error": "boom"}, ""),
        ("boom", ""),
    ]:
        done = read("response.done", response=response | {"status_details": details})
        assert done == realtime.ResponseDone("resp_1", "failed", code, {})


def test_an_error() -> None:
    error = {
        "type": "invalid_request_error",
        "code": "invalid_value",
        "message": "no",
        "param": None,
        "event_id": "e_1",
    }
    assert read("error", error=error) == realtime.Error("invalid_value", "no", "e_1")
    bare = realtime.Error("invalid_request_error", "", "")
    assert read("error", error={"type": "invalid_request_error", "code": None, "event_id": None}) == bare


def test_what_we_have_no_use_for() -> None:
    assert read("rate_limits.updated", rate_limits=[]) == realtime.Unknown("rate_limits.updated")


@pytest.mark.parametrize(
    "text",
    [
        b"binary",
        "",
        "[]",
        "{}",
        '{"type":7}',
        '{"type":"response.created"}',
        '{"type":"response.created","response":{}}',
        '{"type":"response.done","response":"resp_1"}',
        '{"type":"session.updated"}',
        '{"type":"error","error":"no"}',
        '{"type":"response.output_audio.delta","item_id":"item_1"}',
        '{"type":"response.output_audio.delta","item_id":null,"delta":"AAAA"}',
        '{"type":"response.output_audio_transcript.delta","item_id":"item_1","delta":["a"]}',
        '{"type":"response.output_item.done","item":{"id":7}}',
        '{"type":"conversation.item.input_audio_transcription.completed","item_id":"u","transcript":null}',
        '{"type":"input_audio_buffer.speech_started"}',
        "[" * 100_000,
    ],
)
def test_what_is_not_as_documented_raises_one_error(text: str | bytes) -> None:
    with pytest.raises(MalformedMessage):
        realtime.parse(text)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
NAMES = st.sampled_from(
    [
        "item",
        "response",
        "session",
        "error",
        "item_id",
        "delta",
        "transcript",
        "id",
        "type",
        "content",
        "status_details",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=10
)


@ANY
@given(st.sampled_from(sorted(realtime._READERS)), st.dictionaries(NAMES, JSON, max_size=6))
def test_any_object_is_an_event_or_malformed(kind: str, fields: dict[str, Any]) -> None:
    with suppress(MalformedMessage):
        realtime.parse(json.dumps({**fields, "type": kind}))


def delta(**fields: Any) -> str:
    body = {"type": "response.output_audio.delta", **IDS, "delta": "//8=", **fields}
    return json.dumps(body, separators=(",", ":"))


def test_an_audio_delta_is_cut_out_of_its_text() -> None:
    expected = realtime.AudioDelta("resp_1", "item_1", "//8=")
    assert realtime.audio_delta(delta()) == expected
    assert realtime.audio_delta(delta().replace(":", ": ").replace(",", ", ")) == expected
    assert realtime.audio_delta(delta().replace("output_audio", "audio")) == expected
    assert realtime.audio_delta(delta(obfuscation="delta:item_id")) == expected


@pytest.mark.parametrize("order", [["delta", "item_id", "response_id"], ["response_id", "delta", "item_id"]])
def test_whatever_the_order_of_its_fields(order: list[str]) -> None:
    fields = {"response_id": "resp_1", "item_id": "item_1", "delta": "//8="}
    text = json.dumps({"type": "response.output_audio.delta", **{name: fields[name] for name in order}})
    assert realtime.audio_delta(text) == realtime.AudioDelta("resp_1", "item_1", "//8=")


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"response.output_audio.done","item_id":"item_1"}',
        '{"type":"response.output_audio_transcript.delta","item_id":"item_1","delta":"a"}',
        '{"type":"response.output_audio.delta","item_id":"item_1"}',
        '{"type":"response.output_audio.delta","delta":"AAAA"}',
        '{"type":"response.output_audio.delta","item_id":"item_1","delta":""}',
        '{"event_id":"e","type":"response.output_audio.delta","item_id":"item_1","delta":"AAAA"}',
        "",
    ],
)
def test_any_other_message_goes_the_long_way(text: str) -> None:
    assert realtime.audio_delta(text) is None


def test_a_field_that_is_no_string_is_not_cut_out() -> None:
    text = '{"type":"response.output_audio.delta","item_id":null,"output_index":0,"delta":"AAAA"}'
    assert realtime.audio_delta(text) is None


def test_what_we_say_to_the_model() -> None:
    said = [
        realtime.append_audio("//8="),
        realtime.commit_audio(),
        realtime.session_update("e_1", {"audio": {}}),
        realtime.create_response("e_2"),
        realtime.create_response("e_3", "Greet."),
        realtime.truncate("e_4", "item_1", 640),
        realtime.delete_item("e_5", "item_1"),
        realtime.tool_output("e_6", "call_1", '{"ok":true}'),
        realtime.user_text("e_7", "keys_1", "12"),
        realtime.system_text("e_8", "Grüße"),
    ]
    text = [{"type": "input_text", "text": "12"}]
    note = [{"type": "input_text", "text": "Grüße"}]
    create = "conversation.item.create"
    assert [json.loads(message) for message in said] == [
        {"type": "input_audio_buffer.append", "audio": "//8="},
        {"type": "input_audio_buffer.commit"},
        {"type": "session.update", "event_id": "e_1", "session": {"type": "realtime", "audio": {}}},
        {"type": "response.create", "event_id": "e_2"},
        {"type": "response.create", "event_id": "e_3", "response": {"instructions": "Greet."}},
        {
            "type": "conversation.item.truncate",
            "event_id": "e_4",
            "item_id": "item_1",
            "content_index": 0,
            "audio_end_ms": 640,
        },
        {"type": "conversation.item.delete", "event_id": "e_5", "item_id": "item_1"},
        {
            "type": create,
            "event_id": "e_6",
            "item": {"type": "function_call_output", "call_id": "call_1", "output": '{"ok":true}'},
        },
        {
            "type": create,
            "event_id": "e_7",
            "item": {"id": "keys_1", "type": "message", "role": "user", "content": text},
        },
        {"type": create, "event_id": "e_8", "item": {"type": "message", "role": "system", "content": note}},
    ]


def test_whatever_is_said_can_be_sent() -> None:
    item_id = json.loads('"item_\\ud83d"')
    realtime.truncate("e_1", item_id, 640).encode()
