"""The stand-in model: the order of its events, what it refuses, what it hears, and how it goes wrong."""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from openai.types.realtime import RealtimeResponseCreateParams, RealtimeSessionCreateRequest
from stage import together
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from twilio_openai.rehearsal import answers, client_events, session, speech
from twilio_openai.rehearsal.answers import Answer, Call, Fault, Pacing, Said, Stall, plan
from twilio_openai.rehearsal.hearing import Hearing
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.schema import Refused
from twilio_openai.rehearsal.vad import Started, Stopped, Vad

FAST = Pacing(speed=0, create_ms=2, think_ms=2, first_delta_ms=0)
SLOW = Pacing(speed=5, create_ms=2, think_ms=2, first_delta_ms=0)
VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
PCMU = {"type": "audio/pcmu"}
PHONE = {
    "type": "realtime",
    "audio": {
        "input": {"format": PCMU, "turn_detection": VAD, "transcription": {"model": "gpt-transcribe"}},
        "output": {"format": PCMU, "voice": "marin"},
    },
}
TEXT = "response.output_audio_transcript.delta"
AUDIO = "response.output_audio.delta"


class Client:
    """A client that says what it is told to, and keeps what it hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def append(self, audio: bytes) -> None:
        for at in range(0, len(audio), 160):
            await self.say("input_audio_buffer.append", audio=base64.b64encode(audio[at : at + 160]).decode())

    async def until(self, type_: str) -> dict[str, Any]:
        """The next event of a type."""
        async with asyncio.timeout(5.0):
            while True:
                event: dict[str, Any] = json.loads(await self.socket.recv())
                self.heard.append(event)
                if event["type"] == type_:
                    return event

    async def refused(self, type_: str, **fields: Any) -> dict[str, Any]:
        """What the error says that the event provokes."""
        await self.say(type_, **fields)
        error: dict[str, Any] = (await self.until("error"))["error"]
        return error

    @property
    def order(self) -> list[str]:
        """The types of what was heard, a run of deltas as one."""
        types = [event["type"] for event in self.heard if event["type"] != "rate_limits.updated"]
        deltas = ["deltas" if type_ in (TEXT, AUDIO) else type_ for type_ in types]
        return [type_ for at, type_ in enumerate(deltas) if type_ != "deltas" or deltas[at - 1] != "deltas"]

    def audio_of(self, item_id: str) -> bytes:
        deltas = [event["delta"] for event in self.heard if event["type"] == AUDIO and event["item_id"] == item_id]
        return b"".join(map(base64.b64decode, deltas))

    def text_of(self, item_id: str) -> str:
        return "".join(event["delta"] for event in self.heard if event["type"] == TEXT and event["item_id"] == item_id)


@asynccontextmanager
async def talking(model: Model, configured: bool = True) -> AsyncIterator[Client]:
    """A client whose session is set up for the phone."""
    url = model.base_url.replace("http", "ws", 1) + "/realtime?model=gpt-realtime-2.1"
    async with connect(url, additional_headers={"Authorization": "Bearer key"}, compression=None) as socket:
        client = Client(socket)
        await client.until("session.created")
        if configured:
            await client.say("session.update", session=PHONE)
            await client.until("session.updated")
        client.heard.clear()
        yield client


def said(*names: str, pacing: Pacing = FAST) -> Model:
    return Model([answers.say(speech.load(name)) for name in names], pacing=pacing, odd=False)


MESSAGE = [
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "deltas",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
]
TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]


async def test_an_answer_has_the_apis_order_and_the_recordings_bytes() -> None:
    async with said("agent-moment") as model, talking(model) as client:
        await client.say("response.create")
        done = await client.until("response.done")
        assert client.order == ["response.created", *MESSAGE, "response.done"]
        item = done["response"]["output"][0]
        recording = speech.load("agent-moment")
        assert client.audio_of(item["id"]) == recording.audio == bytes(model.items[item["id"]].audio)
        assert client.text_of(item["id"]) == recording.text == item["content"][0]["transcript"]
        assert done["response"]["status"] == "completed"
        usage = done["response"]["usage"]
        assert usage["output_token_details"]["audio_tokens"] == int(recording.duration_ms / 50)
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert len({event["event_id"] for event in client.heard}) == len(client.heard)
        assert all(11 <= len(event["obfuscation"]) <= 16 for event in client.heard if event["type"] == TEXT)


@together
async def test_a_turn_of_the_callers_is_heard_in_the_audios_own_time_and_answered() -> None:
    yes = speech.load("caller-yes")
    async with said("agent-moment") as model, talking(model) as client:
        await client.append(speech.faint(1000) + yes.audio + speech.faint(1000))
        await client.until("response.done")
        started, stopped, committed = client.heard[:3]
        onset_ms = 1000 + yes.words[0].start_ms
        end_ms = 1000 + yes.words[-1].end_ms
        assert started["audio_start_ms"] == pytest.approx(onset_ms - 300, abs=40)
        assert stopped["audio_end_ms"] == pytest.approx(end_ms + 500, abs=60)
        assert started["item_id"] == stopped["item_id"] == committed["item_id"]
        assert committed["previous_item_id"] is None
        assert client.order == [*TURN, "response.created", *MESSAGE, "response.done"]
        added = next(event for event in client.heard if event["type"] == "response.output_item.added")
        assert added["item"]["status"] == "in_progress"
        transcribed = await client.until("conversation.item.input_audio_transcription.completed")
        assert (transcribed["item_id"], transcribed["transcript"]) == (committed["item_id"], "Yes please.")
        assert model.session().appended == speech.faint(1000) + yes.audio + speech.faint(1000)


@together
async def test_a_barge_in_ends_the_generation() -> None:
    async with said("agent-total", "agent-sure", pacing=SLOW) as model, talking(model) as client:
        await client.say("response.create")
        await client.until(AUDIO)
        await client.until(AUDIO)
        await client.append(speech.load("caller-wait").audio)
        await client.until("input_audio_buffer.speech_started")
        client.heard.clear()
        done = await client.until("response.done")
        assert client.order in ([*MESSAGE[4:], "response.done"], [*MESSAGE[3:], "response.done"])
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        item = done["response"]["output"][0]
        assert item["status"] == "incomplete"
        generated_ms = int(model.items[item["id"]].generated_ms)
        assert 0 < generated_ms < speech.load("agent-total").duration_ms
        await client.say("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=generated_ms)
        truncated = await client.until("conversation.item.truncated")
        assert (truncated["item_id"], truncated["audio_end_ms"]) == (item["id"], generated_ms)
        await client.append(speech.faint(1000))
        committed = await client.until("input_audio_buffer.committed")
        assert committed["previous_item_id"] == item["id"]
        assert (await client.until("response.done"))["response"]["status"] == "completed"
        assert model.refusals == []


async def test_speech_at_once_after_a_turn_cancels_an_answer_that_has_not_begun() -> None:
    pacing = Pacing(speed=0, create_ms=50, think_ms=200)
    async with said("agent-moment", pacing=pacing) as model, talking(model) as client:
        wait = speech.load("caller-wait").audio + speech.faint(1000)
        await client.append(wait + wait)
        await client.until("response.created")
        done = await client.until("response.done")
        assert (done["response"]["status"], done["response"]["output"]) == ("cancelled", [])
        assert done["response"]["usage"]["total_tokens"] == 0


async def test_several_messages_are_closed_together_and_name_their_phase() -> None:
    answer = Answer(
        (Said(speech.load("agent-moment"), phase="commentary"), Said(speech.load("agent-sure"), phase="final_answer"))
    )
    async with Model([answer], pacing=FAST, odd=False) as model, talking(model) as client:
        await client.say("response.create")
        done = await client.until("response.done")
        assert client.order == [
            "response.created",
            *MESSAGE[:4],
            *MESSAGE[:4],
            *MESSAGE[4:],
            *MESSAGE[4:],
            "response.done",
        ]
        assert [item["phase"] for item in done["response"]["output"]] == ["commentary", "final_answer"]
        first, second = (item["id"] for item in done["response"]["output"])
        assert client.audio_of(first) == speech.load("agent-moment").audio
        assert client.audio_of(second) == speech.load("agent-sure").audio


async def test_speech_and_parallel_calls_and_their_outputs() -> None:
    calls = (Call("check_availability", {"date": "2026-12-01"}, "call_1"), Call("end_call", '{"reason": ', "call_2"))
    script = [Answer((Said(speech.load("agent-moment")), *calls)), Answer()]
    async with Model(script, pacing=FAST, odd=False) as model, talking(model) as client:
        await client.say("response.create")
        done = await client.until("response.done")
        called = [item for item in done["response"]["output"] if item["type"] == "function_call"]
        assert [item["call_id"] for item in called] == ["call_1", "call_2"]
        assert json.loads(called[0]["arguments"]) == {"date": "2026-12-01"}
        assert called[1]["arguments"] == '{"reason": '
        end = ["response.function_call_arguments.done", "conversation.item.done", "response.output_item.done"]
        assert client.order[-4:] == [*end, "response.done"]
        for call_id in ("call_1", "call_2"):
            item = {"type": "function_call_output", "call_id": call_id, "output": "{}"}
            await client.say("conversation.item.create", item=item)
            await client.until("conversation.item.done")
        error = await client.refused(
            "conversation.item.create", item={"type": "function_call_output", "call_id": "call_9", "output": "{}"}
        )
        assert error["code"] == "invalid_tool_call_id"
        error = await client.refused(
            "conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": {}}
        )
        assert (error["code"], error["param"]) == ("invalid_type", "item.output")


async def test_truncate_and_delete_as_far_as_the_api_allows() -> None:
    async with said("agent-moment") as model, talking(model) as client:
        await client.say("response.create")
        done = await client.until("response.done")
        item_id = done["response"]["output"][0]["id"]
        whole_ms = int(speech.load("agent-moment").duration_ms)

        async def truncate(audio_end_ms: Any, of: str = item_id) -> dict[str, Any]:
            fields = {"item_id": of, "content_index": 0, "audio_end_ms": audio_end_ms}
            return await client.refused("conversation.item.truncate", **fields)

        error = await truncate(whole_ms + 1)
        assert error["code"] == "invalid_value"
        assert error["message"] == f"Audio content of {whole_ms}ms is already shorter than {whole_ms + 1}ms"
        assert (await truncate(100, "item_nobody"))["code"] == "item_truncate_invalid_item_id"
        assert (await truncate(0))["code"] == "invalid_value"
        assert (await truncate(-1))["code"] == "integer_below_min_value"
        assert (await truncate(100.5))["code"] == "invalid_type"
        await client.say("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=700)
        await client.until("conversation.item.truncated")
        assert model.items[item_id].truncated_ms == 700
        assert (await truncate(701))["code"] == "invalid_value"
        await client.say("conversation.item.retrieve", item_id=item_id)
        retrieved = await client.until("conversation.item.retrieved")
        assert retrieved["item"]["content"] == [{"type": "output_audio"}]
        await client.say("conversation.item.delete", item_id=item_id)
        await client.until("conversation.item.deleted")
        assert model.items[item_id].deleted
        assert (await client.refused("conversation.item.delete", item_id=item_id))["code"] == (
            "item_delete_invalid_item_id"
        )
        assert len(model.refusals) == 7


async def test_what_is_no_speech_of_the_models_cannot_be_truncated() -> None:
    async with said() as model, talking(model) as client:
        item = {"id": "item_mine", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "5"}]}
        await client.say("conversation.item.create", item=item)
        await client.until("conversation.item.done")
        error = await client.refused(
            "conversation.item.truncate", item_id="item_mine", content_index=0, audio_end_ms=10, event_id="mine"
        )
        assert (error["code"], error["event_id"]) == ("unsupported_content_type", "mine")
        error = await client.refused("conversation.item.create", item=item)
        assert "already exists" in error["message"]


async def test_one_response_at_a_time() -> None:
    async with said("agent-moment", "agent-sure", pacing=SLOW) as model, talking(model) as client:
        error = await client.refused("response.cancel")
        assert error["code"] == "response_cancel_not_active"
        await client.say("response.create")
        error = await client.refused("response.create", event_id="second")
        assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "second")
        await client.until(AUDIO)
        assert (await client.refused("response.cancel", response_id="resp_0"))["code"] == "response_cancel_not_active"
        await client.say("response.cancel")
        done = await client.until("response.done")
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}


async def test_a_cancel_before_the_response_exists_does_nothing() -> None:
    async with said("agent-moment", pacing=Pacing(speed=0, create_ms=30)) as model, talking(model) as client:
        await client.say("response.create")
        await client.say("response.cancel")
        assert (await client.until("response.done"))["response"]["status"] == "completed"


@together
async def test_a_turn_that_may_not_interrupt_is_answered_afterwards() -> None:
    async with said("agent-moment", "agent-sure", pacing=SLOW) as model, talking(model) as client:
        detection = {**VAD, "interrupt_response": False}
        await client.say(
            "session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
        )
        await client.until("session.updated")
        await client.say("response.create")
        await client.until(AUDIO)
        await client.append(speech.load("caller-yes").audio + speech.faint(800))
        assert (await client.until("response.done"))["response"]["status"] == "completed"
        assert (await client.until("response.done"))["response"]["status"] == "completed"
        assert "input_audio_buffer.committed" in client.order


async def test_turns_by_hand() -> None:
    async with said("agent-moment") as model, talking(model) as client:
        await client.say("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        await client.until("session.updated")
        error = await client.refused("input_audio_buffer.commit")
        assert error["code"] == "input_audio_buffer_commit_empty"
        await client.append(speech.load("caller-yes").audio)
        await client.say("input_audio_buffer.commit")
        await client.until("conversation.item.done")
        assert client.order == [*TURN[2:]] or client.order[-3:] == TURN[2:]
        await client.say("response.create")
        await client.until("response.done")
        assert model.session().caller_said == ["Yes please."]
        await client.append(speech.faint(500))
        await client.say("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        assert (await client.refused("input_audio_buffer.commit"))["code"] == "input_audio_buffer_commit_empty"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({}, "missing_required_parameter", "session.type"),
        ({"type": "realtime", "voice": "alloy"}, "unknown_parameter", "session.voice"),
        ({"type": "realtime", "modalities": ["audio"]}, "unknown_parameter", "session.modalities"),
        ({"type": "realtime", "temperature": 0.8}, "unknown_parameter", "session.temperature"),
        ({"type": "realtime", "instructions": 7}, "invalid_type", "session.instructions"),
        ({"type": "realtime", "output_modalities": ["audio", "text"]}, "invalid_value", "session.output_modalities"),
        (
            {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcmu", "rate": 8000}}}},
            "unknown_parameter",
            "session.audio.input.format.rate",
        ),
        (
            {"type": "realtime", "audio": {"output": {"format": {"type": "audio/pcm", "rate": 8000}}}},
            "integer_below_min_value",
            "session.audio.output.format.rate",
        ),
        (
            {"type": "realtime", "audio": {"input": {"turn_detection": {"threshold": 0.5}}}},
            "missing_required_parameter",
            "session.audio.input.turn_detection.type",
        ),
        (
            {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}},
            "unknown_parameter",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"type": "realtime", "audio": {"input": {"transcription": {"model": "gpt-9"}}}},
            "invalid_value",
            "session.audio.input.transcription.model",
        ),
        ({"type": "realtime", "audio": {"output": {"voice": "bob"}}}, "invalid_value", "session.audio.output.voice"),
        (
            {"type": "realtime", "audio": {"output": {"speed": 2}}},
            "decimal_above_max_value",
            "session.audio.output.speed",
        ),
        (
            {"type": "realtime", "tools": [{"type": "function", "function": {"name": "f"}}]},
            "missing_required_parameter",
            "session.tools[0].name",
        ),
        (
            {"type": "realtime", "tools": [{"type": "function", "name": "f", "strict": True}]},
            "unknown_parameter",
            "session.tools[0].strict",
        ),
        ({"type": "realtime", "model": "gpt-realtime"}, "invalid_value", "session.model"),
    ],
)
def test_an_update_with_one_fault_is_refused(change: dict[str, Any], code: str, param: str) -> None:
    before = session.new("sess_1", "gpt-realtime-2.1", 0)
    with pytest.raises(Refused) as refused:
        session.updated(before, change | ({"instructions": "new"} if "instructions" not in change else {}), False)
    assert (refused.value.code, refused.value.param) == (code, param)
    assert before == session.new("sess_1", "gpt-realtime-2.1", 0)


def test_updates_are_merged_deeply() -> None:
    first = session.updated(session.new("sess_1", "gpt-realtime-2.1", 0), PHONE, has_spoken=False)
    assert first["audio"]["output"] == {"format": PCMU, "voice": "marin", "speed": 1.0}
    assert first["audio"]["input"]["turn_detection"]["create_response"] is True
    assert first["audio"]["input"]["transcription"] == {"model": "gpt-transcribe", "language": None, "prompt": None}
    change = {"turn_detection": {"type": "server_vad", "threshold": 0.8}, "noise_reduction": {"type": "near_field"}}
    second = session.updated(first, {"type": "realtime", "audio": {"input": change}}, has_spoken=True)
    assert second["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
    assert second["audio"]["input"]["turn_detection"]["threshold"] == 0.8
    assert second["audio"]["input"]["format"] == PCMU
    change = {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}}
    third = session.updated(second, {"type": "realtime", "audio": {"input": change}}, has_spoken=True)
    assert "threshold" not in third["audio"]["input"]["turn_detection"]
    with pytest.raises(Refused, match="cannot_update_voice"):
        session.updated(third, {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}, has_spoken=True)
    assert (
        session.updated(third, {"type": "realtime", "audio": {"output": {"voice": "marin"}}}, has_spoken=True) == third
    )


def test_reasoning_is_for_models_that_reason() -> None:
    change = {"type": "realtime", "reasoning": {"effort": "low"}}
    assert session.updated(session.new("s", "gpt-realtime-2.1", 0), change, False)["reasoning"] == {"effort": "low"}
    with pytest.raises(Refused):
        session.updated(session.new("s", "gpt-realtime-1.5", 0), change, False)


@pytest.mark.parametrize("name", RealtimeSessionCreateRequest.model_fields)
def test_a_session_has_the_fields_of_the_openai_package(name: str) -> None:
    with pytest.raises(Refused) as refused:
        session.SESSION({"type": "realtime", name: object()}, "session")
    assert refused.value.code != "unknown_parameter"


@pytest.mark.parametrize("name", RealtimeResponseCreateParams.model_fields)
def test_a_response_has_the_fields_of_the_openai_package(name: str) -> None:
    with pytest.raises(Refused) as refused:
        client_events.RESPONSE({name: object()}, "response")
    assert refused.value.code != "unknown_parameter"


async def test_a_refused_update_changes_nothing_and_is_kept() -> None:
    async with said() as model, talking(model) as client:
        bad = {"type": "realtime", "instructions": "Be kind.", "audio": {"input": {"format": {**PCMU, "rate": 8000}}}}
        error = await client.refused("session.update", session=bad, event_id="update-2")
        assert (error["code"], error["param"]) == ("unknown_parameter", "session.audio.input.format.rate")
        assert (error["type"], error["event_id"]) == ("invalid_request_error", "update-2")
        assert model.session().config["instructions"] != "Be kind."
        assert [refusal.code for refusal in model.refusals] == ["unknown_parameter"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"{}", "invalid_event"),
        ("not json", "invalid_json"),
        ("[]", "invalid_event"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter"),
        ('{"type": "input_audio_buffer.append", "audio": "%%%"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "//8=", "stream": 1}', "unknown_parameter"),
        ('{"type": "response.cancelled"}', "invalid_value"),
        ('{"type": "response.create", "response": {"modalities": ["audio"]}}', "unknown_parameter"),
        (
            '{"type": "conversation.item.create", "item": {"type": "message", "role": "user"}}',
            "missing_required_parameter",
        ),
    ],
)
async def test_malformed_events_are_refused_and_the_session_goes_on(frame: str | bytes, code: str) -> None:
    async with said("agent-moment") as model, talking(model) as client:
        await client.socket.send(frame)
        assert (await client.until("error"))["error"]["code"] == code
        await client.say("response.create")
        await client.until("response.done")


@pytest.mark.parametrize(
    ("query", "headers", "code", "close", "reason"),
    [
        ("?model=gpt-realtime-2.1", {"Authorization": "Bearer wrong"}, "invalid_api_key", 3000, ".invalid_api_key"),
        ("?model=gpt-realtime-2.1", {}, None, 3000, ""),
        ("?model=gpt-9", {"Authorization": "Bearer key"}, "invalid_model", 4000, ".invalid_model"),
        ("", {"Authorization": "Bearer key"}, "missing_model", 4000, ".missing_model"),
        (
            "?model=gpt-4o-realtime-preview",
            {"Authorization": "Bearer key"},
            "model_not_found",
            4004,
            ".model_not_found",
        ),
        (
            "?model=gpt-realtime-2.1",
            {"Authorization": "Bearer key", "OpenAI-Beta": "realtime=v1"},
            "beta_api_shape_disabled",
            4000,
            ".beta_api_shape_disabled",
        ),
    ],
)
async def test_who_gets_no_session(
    query: str, headers: dict[str, str], code: str | None, close: int, reason: str
) -> None:
    async with Model(api_key="key") as model:
        url = model.base_url.replace("http", "ws", 1) + "/realtime" + query
        async with connect(url, additional_headers=headers) as socket:
            error = json.loads(await socket.recv())
            assert (error["type"], error["error"]["code"]) == ("error", code)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (close, "invalid_request_error" + reason)
        assert model.sessions == []
        assert model.refusals[0].code == code


async def test_an_upgrade_that_is_refused_and_a_path_that_is_not_there() -> None:
    async with Model(refuse_status=403) as model:
        with pytest.raises(InvalidStatus) as refused:
            await connect(model.base_url.replace("http", "ws", 1) + "/realtime?model=gpt-realtime-2.1")
        assert refused.value.response.status_code == 403
    async with Model() as model:
        with pytest.raises(InvalidStatus) as refused:
            await connect(model.base_url.replace("http", "ws", 1) + "/live?model=gpt-realtime-2.1")
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("fault", "close"),
    [
        (Fault("drop", at_ms=500), 1006),
        (Fault("close", at_ms=500, code=1011, reason="internal"), 1011),
        (Fault("expire", at_ms=500), 1001),
    ],
)
async def test_a_session_that_ends_in_the_middle_of_an_answer(fault: Fault, close: int) -> None:
    answer = answers.say(speech.load("agent-total"), faults=(fault,))
    async with Model([answer], pacing=SLOW, odd=False) as model, talking(model) as client:
        await client.say("response.create")
        with pytest.raises(ConnectionClosed):
            await client.until("response.done")
        assert client.socket.close_code == close
        item = next(item for item in model.items.values() if item.role == "assistant")
        assert 0 < item.generated_ms < speech.load("agent-total").duration_ms
        errors = [event["error"]["code"] for event in client.heard if event["type"] == "error"]
        assert errors == (["session_expired"] if fault.kind == "expire" else [])


@together
async def test_a_session_that_freezes_says_nothing_more() -> None:
    answer = answers.say(speech.load("agent-moment"), faults=(Fault("freeze", at_ms=300),))
    async with Model([answer], pacing=SLOW) as model, talking(model) as client:
        await client.say("response.create")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.6):
                await client.until("response.done")
        assert client.socket.close_code is None
        item = next(iter(model.items.values()))
        assert client.audio_of(item.id) == bytes(item.audio), "what never left is not generated"


@together
async def test_an_answer_that_fails_and_one_that_is_too_long() -> None:
    script = [
        Answer(faults=(Fault("fail", reason="rate_limit_exceeded"),)),
        answers.say(speech.load("agent-total"), faults=(Fault("fail", at_ms=700),)),
        answers.say(speech.load("agent-moment"), status="incomplete"),
        answers.say(speech.load("agent-moment"), faults=(Fault("error"), Fault("garbage"))),
    ]
    async with Model(script, pacing=SLOW, odd=False) as model, talking(model) as client:
        seen = []
        for _ in script[:3]:
            await client.say("response.create")
            response = (await client.until("response.done"))["response"]
            seen.append((response["status"], [item["status"] for item in response["output"]]))
            details = response["status_details"]
            assert details["error"]["code"] if response["status"] == "failed" else details["reason"]
        assert seen == [("failed", []), ("failed", ["incomplete"]), ("incomplete", ["incomplete"])]
        await client.say("response.create")
        frames = [await client.socket.recv() for _ in range(20)]
        assert any(isinstance(frame, bytes) for frame in frames)
        assert "not json" in frames


def test_text_leads_audio_and_stalls_and_speed_hold() -> None:
    total = speech.load("agent-total")
    steps = plan(answers.say(total), SLOW, random.Random(1))
    audio = [step for step in steps if step.kind == answers.AUDIO]
    assert b"".join(step.data for step in audio) == total.audio
    assert audio[-1].due_ms == pytest.approx(total.duration_ms / 5, abs=1)
    assert len({len(step.data) % 160 for step in audio}) > 2
    sent = 0.0
    for step in steps:
        sent += len(step.data) / 8 if step.kind == answers.AUDIO else 0
        if step.kind == answers.TEXT:
            assert sent <= max(word.start_ms for word in total.words if word.text in step.data)
    stalled = plan(answers.say(total, stalls=(Stall(1000, 2500),)), SLOW, random.Random(1))
    gaps = [step.due_ms for step in stalled if step.kind == answers.AUDIO]
    assert max(later - earlier for earlier, later in pairwise(gaps)) > 2500
    late = plan(answers.say(total), Pacing(speed=5, text_late_ms=2000), random.Random(1))
    assert min(step.due_ms for step in late if step.kind == answers.TEXT) >= 2000
    assert late[-1].kind == answers.CLOSE


@together
async def test_text_that_is_late_comes_after_the_answer_was_cut() -> None:
    pacing = Pacing(speed=5, create_ms=2, think_ms=2, text_late_ms=700)
    async with said("agent-total", pacing=pacing) as model, talking(model) as client:
        await client.say("response.create")
        await client.until(AUDIO)
        await client.append(speech.load("caller-wait").audio)
        done = await client.until("response.done")
        transcript = done["response"]["output"][0]["content"][0]["transcript"]
        before = client.text_of(done["response"]["output"][0]["id"])
        assert len(before) < len(transcript)
        while client.text_of(done["response"]["output"][0]["id"]) != transcript:
            await client.until(TEXT)


@together
async def test_transcriptions_fail_come_late_and_out_of_order() -> None:
    hearing = Hearing(delay_ms=(400, 50, 100), fails={2}, never={3})
    async with Model(pacing=FAST, odd=False, hearing=hearing) as model, talking(model) as client:
        for name in ("caller-yes", "caller-cash", "caller-no", "caller-wait"):
            await client.append(speech.load(name).audio + speech.faint(800))
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        await client.until("conversation.item.input_audio_transcription.completed")
        told = [event["transcript"] for event in client.heard if "transcript" in event]
        assert told == ["I will pay cash.", "Yes please."]
        turns = [event["item_id"] for event in client.heard if event["type"] == "input_audio_buffer.committed"]
        assert failed["item_id"] == turns[2]
        assert model.session().caller_said == ["Yes please.", "I will pay cash.", "No, something else.", "Wait, wait."]


async def test_beta_names_and_the_wrong_format() -> None:
    """A session that was never set up speaks 24 kHz PCM: static on a phone."""
    moment = speech.load("agent-moment")
    model = Model([answers.say(moment)], pacing=FAST, beta_names=True, odd=False)
    async with model, talking(model, configured=False) as client:
        await client.say("response.create")
        delta = await client.until("response.audio.delta")
        await client.until("response.done")
        item = model.items[delta["item_id"]]
        assert len(item.audio) == 6 * len(moment.audio)
        assert item.generated_ms == moment.duration_ms
        assert AUDIO not in client.order


async def test_an_answer_beside_the_conversation_leaves_it_alone() -> None:
    async with said("agent-moment") as model, talking(model) as client:
        await client.say("response.create", response={"conversation": "none", "metadata": {"topic": "x"}, "input": []})
        done = await client.until("response.done")
        assert done["response"]["conversation_id"] is None
        assert done["response"]["metadata"] == {"topic": "x"}
        assert not [type_ for type_ in client.order if type_.startswith("conversation.")]
        assert model.session().items == []


async def test_sessions_have_scripts_of_their_own() -> None:
    recordings = (speech.load("agent-moment"), speech.load("agent-sure"))
    model = Model(lambda session: answers.say(recordings[session.number]), pacing=FAST)
    async with model, talking(model) as one, talking(model) as two:
        for client in (two, one):
            await client.say("response.create")
            await client.until("response.done")
        assert [session.items[0].text for session in model.sessions] == [recording.text for recording in recordings]


async def test_a_session_expires() -> None:
    async with Model(expires_s=0.3) as model, talking(model, configured=False) as client:
        assert (await client.until("error"))["error"]["code"] == "session_expired"
        await client.socket.wait_closed()
        assert client.socket.close_code == 1001


class TestVad:
    def feed(self, vad: Vad, *parts: bytes) -> list[Started | Stopped]:
        """In messages of odd sizes: the size does not matter."""
        audio, happened = b"".join(parts), list[Started | Stopped]()
        for at in range(0, len(audio), 333):
            happened += vad.feed(audio[at : at + 333])
        return happened

    def test_padding_before_and_silence_after(self) -> None:
        happened = self.feed(Vad(silence_ms=400), speech.faint(1000), speech.tone(600), speech.faint(1000))
        assert happened == [Started(700), Stopped(2000)]

    def test_a_click_and_noise_are_no_speech(self) -> None:
        assert self.feed(Vad(), speech.faint(1000), speech.tone(40), speech.faint(1000)) == []

    def test_a_short_pause_ends_nothing_and_a_start_never_lies_before_the_call(self) -> None:
        pause = speech.faint(160)
        happened = self.feed(Vad(silence_ms=200), speech.tone(300), pause, speech.tone(300), speech.faint(400))
        assert happened == [Started(0), Stopped(960)]

    def test_the_threshold_is_honoured(self) -> None:
        quiet = speech.tone(300, amplitude=500)
        assert self.feed(Vad(threshold=0.5), quiet) == [Started(0)]
        assert self.feed(Vad(threshold=0.9), quiet) == []
