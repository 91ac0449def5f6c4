"""The command line: parses, prints, and leaves the work to others."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from . import explain as explanation
from . import log_reader, store_cli
from .config import from_env
from .errors import ConfigError
from .services.trace_file import find_trace
from .trace import Replay
from .trace import replay as trace_replay

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Phone agents on Twilio and the OpenAI Realtime API, with a transcript of exactly the words that the caller "
    "heard. Exit codes: 0 done, 1 it failed, 2 wrong use or wrong settings.",
)


@app.command()
def serve() -> None:
    """Run the server, with the settings of .env and the environment (see .env.example). Ends at SIGTERM or Ctrl-C.

    Exit codes: 0 ended in order, 2 wrong settings (the message names the variable).
    """
    from .serving import run_server

    run_server(from_env().require_keys())


app.command()(store_cli.transcript)
app.command()(store_cli.calls)
app.command()(store_cli.forget)


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(help="A trace that CALL_TRACE_DIR wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="The turns as JSON, byte for byte as in the log.")] = False,
) -> None:
    """Live through a recorded call again and print its transcript, word for word as it was.

    Exit codes: 0 as it was, 1 it came out otherwise (each difference is named), 2 no trace.
    """
    result = _replayed(trace)
    call = log_reader.CallLog(result.head["call_sid"], turns=result.turns, complete=True)
    typer.echo(json.dumps(result.turns) if as_json else log_reader.render(call))
    for difference in result.differences:
        typer.echo(f"twilio-openai: {difference}", err=True)
    if result.recorded not in (None, result.turns):
        _fail("the transcript is not the recorded one", 1)
    raise typer.Exit(1 if result.differences else 0)


@app.command()
def explain(
    call_sid: Annotated[str, typer.Argument(help="The call, CA… or its last characters, or a trace file.")],
    turn: Annotated[str, typer.Argument(help="The turn: its number, from 1, or its item id.")],
) -> None:
    """Say why each word of a turn counts as heard: marks, burst, round trip, alignment. Needs CALL_TRACE_DIR.

    Exit codes: 0 explained, 1 no such call or turn, 2 wrong use or wrong settings.
    """
    path = Path(call_sid) if Path(call_sid).is_file() else find_trace(from_env().call_trace_dir, call_sid)
    if path is None:
        _fail(f"no trace of call {call_sid}: is CALL_TRACE_DIR set, here and where the server runs?", 1)
    try:
        for line in explanation.explain(_replayed(path), turn):
            typer.echo(line)
    except LookupError as error:
        _fail(str(error.args[0]), 1)


def _replayed(path: Path) -> Replay:
    try:
        with path.open(encoding="utf-8") as lines:
            return trace_replay(lines)
    except (OSError, ValueError, KeyError, TypeError) as error:
        _fail(f"{path} cannot be replayed: {error}", 2)


@app.command()
def rehearse(
    scenario: Annotated[str, typer.Argument(help="bakery, order, table or impatient.")] = "bakery",
    live: Annotated[bool, typer.Option("--live", help="Use the real OpenAI API with OPENAI_API_KEY.")] = False,
    against: Annotated[str | None, typer.Option(help="Ring a deployed server: its public https://…, signed.")] = None,
) -> None:
    """Ring the server without a phone: a simulated caller talks, barges in, hangs up; then the transcript is judged.

    Exit codes: 0 all as it should be, 1 not, 2 wrong use or wrong settings.
    """
    from .rehearsal import rehearse as stage
    from .rehearsal.scenarios import SCENARIOS

    if scenario not in SCENARIOS:
        _fail(f"no scenario {scenario!r}: choose {', '.join(SCENARIOS)}", 2)
    chosen = SCENARIOS[scenario]
    typer.echo(f"Rehearsal: {chosen.title}.")
    if against:
        call = stage.rehearse_against(against.rstrip("/"), from_env().require_keys(), chosen, typer.echo)
    else:
        call = stage.rehearse(chosen, typer.echo, live=live)
    raise typer.Exit(0 if asyncio.run(call) else 1)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"twilio-openai: {message}", err=True)
    raise typer.Exit(code)


def main() -> None:
    """The `twilio-openai` command."""
    try:
        app()
    except ConfigError as error:
        sys.stderr.write(f"twilio-openai: {error}\n")
        raise SystemExit(2) from None
