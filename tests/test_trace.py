"""A trace is the call: replayed, it gives the same transcript and the same actions, and it explains what was heard."""

import asyncio
import json
from pathlib import Path

import pytest
from house import house, say
from typer.testing import CliRunner

from twilio_openai.cli import app
from twilio_openai.rehearsal import speech
from twilio_openai.trace import replay, with_silence, without_audio


async def recorded(folder: Path) -> Path:
    """The trace of a call with a barge-in."""
    async with house([say("agent-greeting"), say("agent-sure")], call_trace_dir=folder) as opened:
        phone = await opened.call()
        await phone.until_playing()
        await phone.heard(1500)
        phone.say(speech.load("caller-wait"))
        await phone.until_said()
        await phone.until_playing()
        await phone.until_quiet()
        phone.hang_up()
        await opened.record(phone)
    (trace,) = folder.glob("*.jsonl")  # noqa: ASYNC240
    return trace


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(recorded(tmp_path_factory.mktemp("traces")))


def test_a_replayed_call_is_the_same_call(trace: Path) -> None:
    result = replay(trace.read_text(encoding="utf-8").splitlines())
    assert result.differences == []
    assert json.dumps(result.turns) == json.dumps(result.recorded)
    assert [turn["role"] for turn in result.turns][:2] == ["agent", "caller"]
    assert result.turns[0]["interrupted"]


def test_a_trace_holds_no_audio_unless_it_is_asked_for(trace: Path) -> None:
    assert max(len(word) for word in trace.read_text(encoding="utf-8").replace('"', " ").split()) < 200


def test_a_trace_that_breaks_off_is_replayed_as_far_as_it_goes(trace: Path) -> None:
    text = trace.read_text(encoding="utf-8")
    result = replay(text[: len(text) * 2 // 3].splitlines())
    assert result.differences == []
    assert result.recorded is None


def test_a_changed_trace_is_noticed(trace: Path) -> None:
    lines = trace.read_text(encoding="utf-8").splitlines()
    late = [line.replace("clear", "cleared") if line.startswith('{"->"') else line for line in lines]
    assert replay(late).differences


def test_replay_prints_the_transcript_byte_for_byte(trace: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(trace), "--json"])
    assert done.exit_code == 0
    recorded_turns = json.loads(trace.read_text(encoding="utf-8").splitlines()[-1])["turns"]
    assert done.stdout.strip() == json.dumps(recorded_turns)


def test_explain_says_why_words_count(trace: Path) -> None:
    done = CliRunner().invoke(app, ["explain", str(trace), "1"])
    assert done.exit_code == 0
    for part in ("words were heard", "clear was sent", "The burst of echoes", "The playhead", "✂"):
        assert part in done.stdout
    assert CliRunner().invoke(app, ["explain", str(trace), "99"]).exit_code == 1


def test_what_is_no_trace_is_said_in_one_line(tmp_path: Path) -> None:
    nonsense = tmp_path / "x.jsonl"
    nonsense.write_text("hello\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["replay", str(nonsense)])
    assert done.exit_code == 2
    assert "cannot be replayed" in done.stderr


def test_audio_is_replaced_by_its_length() -> None:
    text = '{"event":"media","media":{"payload":"' + "Q" * 214 + '=="}}'
    quiet = without_audio(text)
    assert quiet == '{"event":"media","media":{"payload":"base64:214:=="}}'
    assert len(with_silence(quiet)) == len(text)
