"""`calls`, `transcript` and `forget` on a real store, as commands."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from store_stage import CALL, OTHER, agent, caller, said, started, url
from typer.testing import CliRunner, Result

from twilio_openai import store_cli
from twilio_openai.errors import ConfigError
from twilio_openai.services.store_service import open_store
from twilio_openai.store import Change, Ended

__all__ = ["url"]

Run = Callable[..., Result]

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=40)

app = typer.Typer()
for command in (store_cli.transcript, store_cli.calls, store_cli.forget):
    app.command()(command)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A command, with the store of `url` in DATABASE_URL and nothing else around."""
    monkeypatch.chdir(tmp_path)

    def run(url: str, *arguments: str, stdin: str = "") -> Result:
        monkeypatch.setenv("DATABASE_URL", url)
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return run


def fill(url: str, *changes: Change) -> None:
    async def write() -> None:
        store = open_store(url)
        await store.migrate()
        await store.write(changes)
        await store.close()

    asyncio.run(write())


@pytest.fixture
def filled(url: str) -> str:
    """Two calls: one that is over, and one that is up."""
    cut = agent("i3", "Nine dollars", started_ms=3000, unheard="and five cents.", interrupted=True)
    over = [said(agent("i1", "Hello."), 0), said(caller("i2", "How much?"), 1), said(cut, 2)]
    end = Ended(CALL, 1, OLD + timedelta(seconds=61), "caller", 61_000)
    lease = NOW + timedelta(hours=1)
    up = [started(OTHER, at=NOW, from_number="+4930123456", lease_until=lease)]
    up_now = said(agent("i1", "Good mor", started_ms=200), 0, OTHER, settled=False)
    fill(url, started(at=OLD), *over, end, *up, up_now)
    return url


def test_the_transcript_has_the_words_that_were_heard(run: Run, filled: str) -> None:
    result = run(filled, "transcript", CALL)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{CALL}  1:01  ended by caller",
        " 0:00  agent   Hello.",
        " 0:02  caller  How much?",
        " 0:03  agent   Nine dollars ✂ cut after 0.9 s of 0.9 s",
    ]
    assert "⟨and five cents.⟩" in run(filled, "transcript", "0001", "--unheard").stdout


def test_the_transcript_as_json(run: Run, filled: str) -> None:
    record = json.loads(run(filled, "transcript", CALL, "--json", "--unheard").stdout)
    assert (record["call_sid"], record["duration_ms"], record["ended_by"]) == (CALL, 61_000, "caller")
    assert [turn["item_id"] for turn in record["turns"]] == ["i1", "i2", "i3"]
    assert record["turns"][2]["unheard"] == "and five cents."
    assert "and five" not in run(filled, "transcript", CALL, "--json").stdout


def test_the_transcript_of_a_running_call_goes_as_far_as_it_was_heard(run: Run, filled: str) -> None:
    result = run(filled, "transcript", OTHER)
    assert "Good mor" in result.stdout
    assert "not ended" in result.stdout


def test_a_transcript_out_of_a_log_needs_no_store(run: Run, tmp_path: Path) -> None:
    record = {
        "event": "call.transcript",
        "call_sid": CALL,
        "turns": [agent("i1", "Hello.").record()],
        "ended_by": "agent",
    }
    log = tmp_path / "log"
    log.write_text(json.dumps(record))
    nowhere = "postgres://u:p@127.0.0.1:1/calls"
    assert "Hello." in run(nowhere, "transcript", CALL, "--from-log", str(log)).stdout
    assert "Hello." in run(nowhere, "transcript", CALL, "--from-log", "-", stdin=json.dumps(record)).stdout
    assert run(nowhere, "transcript", "CA9", "--from-log", str(log)).exit_code == 1
    assert run(nowhere, "transcript", CALL, "--from-log", str(tmp_path / "none")).exit_code == 2


def test_a_call_that_is_not_there(run: Run, filled: str) -> None:
    result = run(filled, "transcript", "CAffff")
    assert (result.exit_code, result.stderr) == (1, "twilio-openai: no call CAffff in the store\n")


def test_calls_are_listed(run: Run, filled: str) -> None:
    newest, oldest = run(filled, "calls").stdout.splitlines()
    assert newest.startswith(OTHER)
    assert "-:--  not ended      1 turns  +4930123456 → +15550002222" in newest
    assert "1:01  caller         3 turns  +15550001111" in oldest
    assert len(run(filled, "calls", "--limit", "1").stdout.splitlines()) == 1
    assert run(filled, "calls", "--since", "7d").stdout.splitlines() == [newest]


def test_calls_as_json(run: Run, filled: str) -> None:
    newest, oldest = json.loads(run(filled, "calls", "--json").stdout)
    assert (newest["call_sid"], newest["from"], newest["ended_at"], newest["turns"]) == (OTHER, "+4930123456", None, 1)
    assert datetime.fromisoformat(oldest["ended_at"]) - datetime.fromisoformat(oldest["started_at"]) == timedelta(
        seconds=61
    )
    assert json.loads(run(filled, "calls", "--json", "--since", "1s").stdout) == []


def test_forgetting_by_age_by_call_and_by_number(run: Run, filled: str) -> None:
    assert run(filled, "forget", "--older-than", "30d", "--dry-run").stdout == "1 call would be erased\n"
    assert run(filled, "forget", "--older-than", "30d").stdout == "1 call erased\n"
    assert run(filled, "forget", "--older-than", "0s").stdout == "0 calls erased\n"
    assert run(filled, "forget", "--number", "+4930123456").stdout == "1 call erased\n"
    assert run(filled, "forget", "--call", CALL).stdout == "0 calls erased\n"
    assert run(filled, "calls").stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("forget",),
        ("forget", "--call", "CA1", "--number", "+1"),
        ("forget", "--older-than", "soon"),
        ("forget", "--older-than", "-1d"),
        ("calls", "--since", "yesterday"),
        ("calls", "--limit", "0"),
    ],
)
def test_wrong_use(run: Run, url: str, arguments: tuple[str, ...]) -> None:
    result = run(url, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_store_that_was_never_made_is_not_made_by_looking(run: Run, tmp_path: Path) -> None:
    result = run("sqlite:///calls.sqlite3", "calls")
    assert result.exit_code == 1
    assert "calls.sqlite3" in result.stderr
    assert "DATABASE_URL" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_away_is_one_line_without_the_password(run: Run) -> None:
    result = run("postgres://u:hunter2@127.0.0.1:1/calls", "calls")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "DATABASE_URL" in result.stderr
    assert "hunter2" not in result.stderr


def test_a_wrong_url_names_the_variable(run: Run) -> None:
    result = run("mysql://u:hunter2@h/db", "calls")
    assert isinstance(result.exception, ConfigError)
    assert "DATABASE_URL" in str(result.exception)
    assert "hunter2" not in str(result.exception)
