"""The `rehearse` command: rings a server as Twilio would, and says afterwards whether the transcript is true.

Three ways: against a server of our own with the stand-in model (no key, no phone, no network), the same with the
real model (`--live`), and against a deployed server (`--against`), whose transcript stands in its own log.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twilio_openai.config import Settings, from_env
from twilio_openai.main import configure_log
from twilio_openai.rehearsal import report, truth
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.local_server import LocalServer, serving
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.phone import ACCOUNT_SID, AUTH_TOKEN, NeverHappened, Phone
from twilio_openai.rehearsal.rest import RestApi
from twilio_openai.rehearsal.scenarios import Scenario

PUBLIC_URL = "https://voice.example.org"
RECORD_WAIT_S = 6.0

Say = Callable[[str], None]


async def rehearse(scenario: Scenario, say: Say, *, live: bool = False) -> bool:
    """Ring a server of our own; True when all went as it should."""
    async with AsyncExitStack() as stack:
        model = None if live else await stack.enter_async_context(Model(scenario.answers))
        rest = await stack.enter_async_context(RestApi(auth_token=AUTH_TOKEN))
        store = stack.enter_context(TemporaryDirectory())
        settings = _settings(model.base_url if model else None, rest.base_url, scenario, store)
        configure_log(settings)
        local = await stack.enter_async_context(serving(settings))
        record = _record_of(local)
        phone = await stack.enter_async_context(
            Phone(local.url, public_url=PUBLIC_URL, auth_token=AUTH_TOKEN, account_sid=ACCOUNT_SID, rest=rest)
        )
        went_well = await _ring(phone, scenario, say)
        async with asyncio.timeout(RECORD_WAIT_S):
            turns = (await record)["turns"]
        return (_report(phone, model, turns, say) if model else True) and went_well


async def rehearse_against(url: str, settings: Settings, scenario: Scenario, say: Say) -> bool:
    """Ring a deployed server through its public address, signed with the account's token."""
    async with Phone(
        url, public_url=url, auth_token=settings.twilio_auth_token, account_sid=settings.twilio_account_sid
    ) as phone:
        went_well = await _ring(phone, scenario, say)
        say(f"The agent was heard for {phone.played_ms / 1000:.1f} s; the call ended: {phone.ended}.")
        for words in phone.said:
            say(f"The server's own words: {words}")
        return went_well and phone.played_ms > 0


async def _ring(phone: Phone, scenario: Scenario, say: Say) -> bool:
    """One call; False, with the reason said, when it did not go as the scenario has it."""
    try:
        document = await phone.ring()
        if document.status != 200:
            say(f"The server refused the call: HTTP {document.status}.")
            return False
        await phone.connect()
        await scenario.caller(phone)
        await phone.over()
    except NeverHappened as error:
        say(f"The call did not go as rehearsed: {error}")
        return False
    for warning in phone.warnings:
        say(f"Twilio would warn: {warning}")
    return not phone.warnings


def _report(phone: Phone, model: Model, turns: list[dict[str, Any]], say: Say) -> bool:
    loudspeakers = [stream.loudspeaker for stream in phone.streams]
    items = [item for session in model.sessions for item in session.items]
    verdicts = report.judge(turns, truth.heard(loudspeakers, items, now_ms()))
    say("")
    for line in report.lines(verdicts):
        say(line)
    for refusal in model.refusals:
        say(f"The model refused: {refusal}")
    return bool(verdicts) and all(verdict.right for verdict in verdicts) and not model.refusals


def _settings(model_url: str | None, rest_url: str, scenario: Scenario, store: str) -> Settings:
    """The user's settings, with the account of the stand-in phone and, unless it is live, the stand-in model."""
    account = {"twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN, "twilio_api_url": rest_url}
    model = {"openai_api_key": "rehearsal", "openai_base_url": model_url} if model_url else {}
    tools = {"tools": Path(__file__).with_name(scenario.tools)} if scenario.tools else {}
    chosen = from_env()
    log_format = "console" if chosen.log_format == "auto" else chosen.log_format
    changes = {"public_url": PUBLIC_URL, "log_format": log_format, "database_url": f"sqlite:///{store}/calls.sqlite3"}
    return from_env(**account, **model, **tools, **changes)


def _record_of(local: LocalServer) -> "asyncio.Future[dict[str, Any]]":
    """The record of the first call that ends."""
    record: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def listen(event: str, fields: dict[str, Any]) -> None:
        if event == "call.transcript" and not record.done():
            record.set_result(fields)

    local.server.listeners.append(listen)
    return record
