"""The documents are promises: what a user relies on stands in them, and what stands in them is so."""

import json
import re
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
from documents import (
    DOCS,
    PACKAGE,
    PAGE_NAMES,
    ROOT,
    anchors,
    blocks,
    code_words,
    emitted,
    keys_of,
    names,
    page,
    rows,
    text_of,
    without_blocks,
)
from fastapi.routing import APIRoute
from starlette.routing import Route, WebSocketRoute
from typer.testing import CliRunner

import twilio_openai
from twilio_openai import cli
from twilio_openai.audio import BYTES_PER_MS
from twilio_openai.config import Settings
from twilio_openai.log_reader import read_calls
from twilio_openai.main import create_app
from twilio_openai.metrics import Metrics
from twilio_openai.protocols import openai_realtime, twilio_media
from twilio_openai.rehearsal.answers import Said
from twilio_openai.rehearsal.scenarios import SCENARIOS
from twilio_openai.services.tool_service import run_tool
from twilio_openai.tools import CallContext, Toolbox, standard_toolbox, tool

COMPOSE_ONLY = {"NGROK_AUTHTOKEN"}
"""Variables of a user's `.env` that the server itself does not read."""

PROMISED_EVENTS = {
    "call.started": {"from", "to"},
    "transcript.turn": set(),
    "barge_in": {"items"},
    "tool.result": {"name", "arguments", "result", "duration_ms"},
    "call.transcript": {"turns", "duration_ms", "ended_by", "stream"},
    "signature.refused": {"reason", "url", "hint"},
    "websocket.opened": {"side"},
    "websocket.closed": {"side", "code", "reason"},
}
TURN_FIELDS = ("role", "item_id", "text", "started_ms", "unheard", "interrupted", "heard_ms", "generated_ms")

FOREIGN = {"CallSid", "AccountSid", "CallStatus", "DialCallStatus", "RequestValidator", "Literal"}
"""Names with capitals in the documents that are Twilio's or a library's."""


# -- settings


def defaults() -> dict[str, str]:
    """Every setting and its default, as it would be written into `.env`."""
    return {name.upper(): _written(field.default) for name, field in Settings.model_fields.items()}


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def documented_settings(name: str) -> dict[str, str]:
    cells = [row for row in rows(page(name)) if re.fullmatch(r"`[A-Z][A-Z0-9_]+`", row[0])]
    return {row[0].strip("`"): row[1].strip("`").replace("–", "") for row in cells}


@pytest.mark.parametrize("name", ["README.md", "docs/settings.md"])
def test_every_setting_and_its_default_is_documented(name: str) -> None:
    documented = documented_settings(name)
    assert {key: documented[key] for key in documented.keys() - COMPOSE_ONLY} == defaults()
    assert documented.keys() >= COMPOSE_ONLY


def test_the_example_of_an_env_file_has_every_setting_at_its_default() -> None:
    found = dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$", page(".env.example"), re.MULTILINE))
    assert {key: found[key] for key in found.keys() - COMPOSE_ONLY} == defaults()


def test_the_example_of_an_env_file_can_be_used_with_every_line_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in defaults():
        monkeypatch.delenv(name, raising=False)
    env = tmp_path / ".env"
    env.write_text(re.sub(r"^# (?=[A-Z_]+=)", "", page(".env.example"), flags=re.MULTILINE), encoding="utf-8")
    assert Settings(_env_file=env) == Settings(_env_file=None)  # type: ignore[call-arg]


# -- routes and commands


def test_every_route_is_documented_and_no_other() -> None:
    settings = Settings(_env_file=None, twilio_account_sid="AC1", twilio_auth_token="t", openai_api_key="k")  # type: ignore[call-arg]
    served = set()
    for route in create_app(settings).routes:
        if isinstance(route, WebSocketRoute):
            served.add(f"WS {route.path.rstrip('/')}")
        elif isinstance(route, APIRoute | Route):
            served |= {f"{method} {route.path.rstrip('/')}" for method in route.methods or ()} - {f"HEAD {route.path}"}
    words = {word for row in rows(page("docs/http.md")) for word in code_words(row[0])}
    assert {word for word in words if re.match(r"(GET|POST|WS) ", word)} == served


def commands() -> list[str]:
    """Of every command its name."""
    found = [(each.name, each.callback) for each in cli.app.registered_commands]
    return sorted(name or callback.__name__.replace("_", "-") for name, callback in found if callback)


def test_every_command_is_in_the_readme_and_no_other() -> None:
    documented = [row[0].strip("`").split()[1] for row in rows(page("README.md")) if "`twilio-openai " in row[0]]
    assert sorted(documented) == commands()


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help_with_its_exit_codes(command: str) -> None:
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0
    assert "Exit codes" in result.output


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_make_target_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    shell = "\n".join([*blocks(page(name), "bash"), *code_words(without_blocks(page(name)))])
    assert set(re.findall(r"^ *make ([a-z-]+)", shell, re.MULTILINE)) <= targets


def test_every_metric_is_documented_and_no_other() -> None:
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", Metrics().text().decode(), re.MULTILINE)
    served = {name: kind for name, kind in kinds if not name.endswith("_created")}
    documented = {
        row[0].strip("`"): row[1] for row in rows(page("docs/http.md")) if row[0].startswith("`twilio_openai_")
    }
    assert documented == served


# -- the log


def documented_events() -> dict[str, set[str]]:
    levels = ("debug", "info", "warning", "error", "critical", "the line's own")
    return {row[0].strip("`"): code_words(row[2]) for row in rows(page("docs/log.md")) if row[1] in levels}


def test_every_event_is_documented_and_no_other() -> None:
    assert documented_events().keys() == emitted().keys() | {"log.failed"}


@pytest.mark.parametrize("event", sorted(emitted()))
def test_every_field_of_an_event_is_documented(event: str) -> None:
    assert emitted()[event] - documented_events()[event] == set()


@pytest.mark.parametrize(("event", "fields"), PROMISED_EVENTS.items())
def test_the_promised_events_are_there_with_their_fields(event: str, fields: set[str]) -> None:
    assert event in emitted()
    assert fields <= documented_events()[event]


def test_every_field_of_a_call_and_of_a_turn_is_documented() -> None:
    documented = {word for row in rows(page("docs/log.md")) for word in code_words(row[0])}
    turn = keys_of("transcript.py", "record")
    assert turn >= set(TURN_FIELDS)
    assert documented >= turn | keys_of("adapters/twilio_openai_adapter.py", "stream_record")
    assert documented >= keys_of("adapters/latency.py", "record")
    assert documented_events()["call.transcript"] == keys_of("call.py", "_report")


# -- tools and examples


def test_every_built_in_tool_is_documented_with_its_arguments() -> None:
    for each in standard_toolbox(transfer_number="+15550001111"):
        arguments = ", ".join(each.schema()["parameters"]["properties"])
        assert f"### {each.name}\n\n`{each.name}({arguments})`" in page("docs/tools.md")


def test_all_that_a_tool_may_know_and_ask_for_is_documented() -> None:
    words = code_words(without_blocks(page("docs/tools.md")))
    assert words >= {name for name in signature(tool).parameters if name != "function"}
    for name in (*CallContext.__dataclass_fields__, *(key for key in vars(CallContext) if not key.startswith("_"))):
        assert words & {name, f"CallContext.{name}()"}, name


async def test_the_readmes_tool_has_six_lines_and_works(tmp_path: Path) -> None:
    [example] = blocks(page("README.md"), "python")
    assert len(example.splitlines()) == 6
    file = tmp_path / "tools.py"
    file.write_text(example, encoding="utf-8")
    result = await run_tool(Toolbox.load(file), "price", '{"item": "bagel"}', CallContext(call_sid="CA1"))
    assert (result.output, result.failed) == ("$2.35", False)


@pytest.mark.parametrize("name", [name for name in PAGE_NAMES if blocks(page(name), "python")])
def test_every_python_example_runs(name: str) -> None:
    for example in blocks(page(name), "python"):
        code = compile(example, name, "exec", dont_inherit=True)
        exec(code, {"__name__": f"example_of_{Path(name).stem}"})


def test_the_figures_of_the_ledger_are_those_that_its_benchmark_prints() -> None:
    command = [sys.executable, "-m", "benchmarks.played_position"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    [quoted] = [block for block in blocks(page("docs/ledger.md"), "text") if "mean error" in block]
    figures = [[float(figure) for figure in re.findall(r"[-+]?\d+(?:\.\d+)?", text)] for text in (quoted, printed)]
    assert figures[0] == pytest.approx(figures[1], abs=2.0)


def test_the_readmes_transcript_is_the_rehearsals() -> None:
    """Its lines can be read back as what they are, and are the scenario's."""
    [shown] = [block for block in blocks(page("README.md"), "text") if "Rehearsal: " in block]
    scenario = SCENARIOS["bakery"]
    assert shown.startswith(f"Rehearsal: {scenario.title}.")
    [call] = read_calls(shown.splitlines()).values()
    generated = [said.speech.text for answer in scenario.answers for said in answer.items if isinstance(said, Said)]
    heard = [turn["text"] for turn in call.turns if turn["role"] == "agent"]
    cut = "That will be $9.05. Cash or credit?"
    assert heard == [cut if text.startswith(cut) else text for text in generated]
    assert cut in heard


def test_every_scenario_is_in_the_readme() -> None:
    [row] = [row for row in rows(page("README.md")) if row[0] == "`twilio-openai rehearse`"]
    assert code_words(row[1]) >= SCENARIOS.keys()


# -- the wire


def frames(arrow: str) -> list[str]:
    texts = "\n".join(blocks(page("docs/wire.md"), "text"))
    return re.findall(rf"^{arrow}\s+(\{{.*\}})$", texts, re.MULTILINE)


def test_every_frame_that_is_shown_can_be_read() -> None:
    for frame in frames("Twilio → us"):
        assert not isinstance(twilio_media.parse(frame), twilio_media.Unknown), frame
    opening = '"type":"session.created"'
    for frame in frames("model → us"):
        assert opening in frame or not isinstance(openai_realtime.parse(frame), openai_realtime.Unknown), frame


def test_every_frame_that_we_read_is_shown() -> None:
    shown = {json.loads(frame)["type"] for frame in frames("model → us")}
    assert shown == openai_realtime._READERS.keys() | {"session.created"}
    shown = {json.loads(frame)["event"] for frame in frames("Twilio → us")}
    assert shown == {"connected", "start", "media", "mark", "dtmf", "stop"}


def test_every_frame_that_we_write_is_shown() -> None:
    written = set(re.findall(r'_event\(\s*"([a-z._]+)"', text_of(PACKAGE / "protocols/openai_realtime.py")))
    written |= {
        json.loads(openai_realtime.append_audio(""))["type"],
        json.loads(openai_realtime.commit_audio())["type"],
    }
    assert {json.loads(frame)["type"] for frame in frames("us → model")} == written
    head = twilio_media.media_head("MZ…").replace(json.dumps("MZ…"), '"MZ…"')
    written_frames = {
        frame.replace("\\u2026", "…") for frame in (twilio_media.mark("MZ…", "g0-2"), twilio_media.clear("MZ…"))
    }
    shown = set(frames("us → Twilio"))
    assert written_frames <= shown
    assert any(frame.startswith(head) and frame.endswith(twilio_media.MEDIA_TAIL) for frame in shown)
    assert BYTES_PER_MS == 8


# -- names and links


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_name_of_the_code_exists(name: str) -> None:
    words = code_words(without_blocks(page(name)))
    classes = {word for word in words if re.fullmatch(r"_?[A-Z][a-z]+(?:[A-Z][A-Za-z]*)?", word)} - FOREIGN
    functions = {word[:-2] for word in words if re.fullmatch(r"[\w.]+\(\)", word)}
    drawn = {call for block in blocks(page(name), "mermaid") for call in re.findall(r"\b([\w.]*\w)\(", block)}
    assert (classes | functions | drawn) - names() == set()


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_file_named_exists(name: str) -> None:
    words = code_words(without_blocks(page(name)))
    files = {word for word in words if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", word) and not word.startswith("/")}
    files = {word for word in files if word.endswith("/") or "." in word.rsplit("/", 1)[1]}
    assert {word for word in files if not (ROOT / word).exists() and not (PACKAGE / word).exists()} == set()


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    here = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page(name))):
        path, _, anchor = target.partition("#")
        if not re.match(r"https?:", path):
            there = (here.parent / path).resolve() if path else here
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_no_diagram_has_what_mermaid_takes_for_the_end_of_a_line(name: str) -> None:
    assert not any(re.search(r"[;#]", block) for block in blocks(page(name), "mermaid"))


# -- the rest


def test_the_changelog_has_this_version() -> None:
    assert f"\n## {twilio_openai.__version__} " in page("CHANGELOG.md")


def test_every_page_can_be_reached_from_the_index() -> None:
    index = text_of(DOCS / "index.md")
    assert {str(each.relative_to(DOCS)) for each in DOCS.rglob("*.md")} - {"index.md"} <= set(
        re.findall(r"\]\(([^)\s#]+)", index)
    )
