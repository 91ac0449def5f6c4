"""The commands that read the call store and erase from it. They work while a server is running, on the same store."""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from . import log_reader
from .config import from_env
from .console import minutes, one_line
from .services.store_service import open_store
from .store import CallStore, StoredCall, StoreError, parse_url
from .store.url import SqliteFile

T = TypeVar("T")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

AsJson = Annotated[bool, typer.Option("--json", help="The record as JSON.")]


def transcript(
    call_sid: Annotated[str, typer.Argument(help="The call, CA…; its last characters are enough.")],
    from_log: Annotated[
        Path | None, typer.Option(help="Out of a log file of either format instead; - reads standard input.")
    ] = None,
    unheard: Annotated[
        bool, typer.Option("--unheard", help="Also the words that were generated and not heard.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print one call's transcript, a running call's too: the words that were heard.

    Exit codes: 0 printed, 1 no such call or no store, 2 wrong use or wrong settings.
    """
    call = _stored(call_sid) if from_log is None else log_reader.find(_logged(from_log), call_sid)
    if call is None:
        _fail(f"no call {call_sid} in the {'store' if from_log is None else 'log'}", 1)
    typer.echo(log_reader.to_json(call, unheard=unheard) if as_json else log_reader.render(call, unheard=unheard))


def calls(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    since: Annotated[str | None, typer.Option(help="Only those of the last 90m, 24h, 7d.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the calls in the store, newest first.

    Exit codes: 0 listed, 1 no store, 2 wrong use or wrong settings.
    """
    after = _before_now(since, "--since") if since else None
    listed = _ask(lambda store: store.list_calls(limit, after))
    if as_json:
        typer.echo(json.dumps([_record(call) for call in listed]))
        return
    for call in listed:
        typer.echo(_line(call))


def forget(
    older_than: Annotated[str | None, typer.Option(help="Calls that ended longer ago: 30d, 12h.")] = None,
    call: Annotated[str | None, typer.Option(help="One call, by its whole CallSid.")] = None,
    number: Annotated[str | None, typer.Option(help="Every call from or to this number: +15551234567.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many calls it would be.")] = False,
) -> None:
    """Erase calls with everything that was said in them, for good.

    Exit codes: 0 erased (also when there was nothing to), 1 no store, 2 wrong use or wrong settings.
    """
    if sum(given is not None for given in (older_than, call, number)) != 1:
        _fail("say what to forget: one of --older-than, --call, --number", 2)
    if older_than is not None:
        moment = _before_now(older_than, "--older-than")
        count = _ask(lambda store: store.erasing.older_than(moment, dry_run=dry_run))
    elif call is not None:
        count = _ask(lambda store: store.erasing.call(call, dry_run=dry_run))
    else:
        count = _ask(lambda store: store.erasing.number(number or "", dry_run=dry_run))
    typer.echo(f"{count} call{'' if count == 1 else 's'} {'would be erased' if dry_run else 'erased'}")


def _stored(call_sid: str) -> log_reader.CallLog | None:
    call = _ask(lambda store: store.find(call_sid))
    return call.log() if call else None


def _logged(path: Path) -> dict[str, log_reader.CallLog]:
    if str(path) == "-":
        return log_reader.read_calls(sys.stdin)
    if not path.is_file():
        _fail(f"--from-log: no such file: {path}", 2)
    with path.open(encoding="utf-8", errors="replace") as lines:
        return log_reader.read_calls(lines)


def _ask(question: Callable[[CallStore], Awaitable[T]]) -> T:
    """One question to the store that DATABASE_URL names."""
    url = from_env().database_url
    target = parse_url(url)
    if isinstance(target, SqliteFile) and not target.path.is_file():
        _fail(f"no store at {target.path}: a server makes it when it starts; is DATABASE_URL the server's?", 1)

    async def answer() -> T:
        store = open_store(url)
        try:
            await store.migrate()
            return await question(store)
        finally:
            await store.close()

    try:
        return asyncio.run(answer())
    except StoreError as error:
        _fail(f"the store {target} does not answer: {error} (DATABASE_URL)", 1)


def _before_now(age: str, option: str) -> datetime:
    found = re.fullmatch(r"(\d{1,6})([smhdw])", age.strip())
    if found is None:
        _fail(f"{option}: expected a time such as 90m, 12h, 30d (it is {age!r})", 2)
    return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})


def _line(call: StoredCall) -> str:
    length = minutes(call.duration_ms) if call.duration_ms is not None else "-:--"
    started = call.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    parties = one_line(f"{call.from_number or '?'} → {call.to_number or '?'}")
    end = call.ended_by or "not ended"
    return f"{call.call_sid}  {started}  {length:>6}  {end:<11}  {call.turn_count:>3} turns  {parties}"


def _record(call: StoredCall) -> dict[str, object]:
    return {
        "call_sid": call.call_sid,
        "from": call.from_number,
        "to": call.to_number,
        "started_at": call.started_at.isoformat(timespec="milliseconds"),
        "ended_at": call.ended_at and call.ended_at.isoformat(timespec="milliseconds"),
        "duration_ms": call.duration_ms,
        "ended_by": call.ended_by,
        "turns": call.turn_count,
        "streams": call.generation,
    }


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"twilio-openai: {message}", err=True)
    raise typer.Exit(code)
