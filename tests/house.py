"""A house for whole calls: the real server on uvicorn, a stand-in model, phones, and the server's log as records.

    async with house([say("agent-greeting")]) as h:
        phone = await h.call()
        await phone.until_quiet()
        phone.hang_up()
        record = await h.record(phone)

Keyword arguments are settings of the server, or options of the model.
"""

import asyncio
import atexit
import contextlib
import io
import itertools
import json
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import contract
import httpx
import uvicorn
from structlog.contextvars import bind_contextvars

from twilio_openai import serving
from twilio_openai.adapters.actions import CountWords
from twilio_openai.alignment import Alignment
from twilio_openai.config import Settings
from twilio_openai.logs import configure
from twilio_openai.main import create_app
from twilio_openai.rehearsal import answers, speech, truth
from twilio_openai.rehearsal.answers import Answer, Pacing
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.hearing import Hearing
from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.model import Model, Script
from twilio_openai.rehearsal.model_session import ModelSession
from twilio_openai.rehearsal.options import Options
from twilio_openai.rehearsal.phone import ACCOUNT_SID, AUTH_TOKEN, Phone
from twilio_openai.rehearsal.rest import RestApi
from twilio_openai.services.alignment_service import AlignmentService

STORES = tempfile.TemporaryDirectory()
API_KEY = "sk-house-0123456789abcdefghij"
Record = dict[str, Any]

QUICK = Pacing(think_ms=40.0)
CALLERS = tuple(speech.load(name) for name in speech.ids() if name.startswith("caller-"))

_OPTIONS = {option.name for option in fields(Options)}
_numbers = itertools.count(1)


class _Log(io.StringIO):
    """The one log of the process, every line of it read as JSON. Records carry the number of their house."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []

    def write(self, text: str) -> int:
        self.records += [json.loads(line) for line in text.splitlines()]
        return len(text)


LOG = _Log()


class _OneWorker:
    """Words are counted in a process of their own; the houses of one loop share it, where each would start another."""

    def __init__(self) -> None:
        self._start, self._align, self._close = (
            AlignmentService.start,
            AlignmentService.align,
            AlignmentService.close,
        )
        self._service = AlignmentService()
        self._loop: asyncio.AbstractEventLoop | None = None

    def share(self) -> None:
        AlignmentService.start = self.start  # type: ignore[method-assign, assignment]
        AlignmentService.align = self.align  # type: ignore[method-assign, assignment]
        AlignmentService.close = self.leave  # type: ignore[method-assign, assignment]

    async def start(self) -> None:
        """A worker for this loop; one of a loop that has ended went with it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._service = loop, AlignmentService()
            await self._start(self._service)

    async def align(self, cut: CountWords, language: str) -> Alignment:
        return await self._align(self._service, cut, language)

    async def leave(self) -> None:
        """A house closes; the worker stays."""

    async def close(self) -> None:
        if self._loop is asyncio.get_running_loop():
            await self._close(self._service)


WORKER = _OneWorker()
WORKER.share()


class _Server(serving._Server):
    """As `serve` runs it, but for the signals, which are the tests' own."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


def say(*names: str, **options: Any) -> Answer:
    """An answer of these recordings, one message each."""
    return answers.say(*(speech.load(name) for name in names), **options)


@dataclass
class House:
    """A running server and its model. `rest` is Twilio's REST API, where the test asked for it."""

    number: int
    settings: Settings
    model: Model
    url: str
    rest: RestApi | None
    app: Any
    server: uvicorn.Server
    _phones: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    # Calls

    async def phone(self, line: Line | None = None, **options: Any) -> Phone:
        """A phone that may ring here."""
        given: dict[str, Any] = {"public_url": self.settings.public_url, "rest": self.rest, **options}
        return await self._phones.enter_async_context(Phone(self.url, line=line, **given))

    async def call(self, line: Line | None = None, **options: Any) -> Phone:
        """A phone that has rung and is connected."""
        phone = await self.phone(line, **options)
        await phone.ring()
        assert await phone.connect(), phone.notices
        return phone

    # What is known afterwards

    @property
    def log(self) -> list[Record]:
        """What this house's server has logged."""
        return [record for record in LOG.records if record.get("house") == self.number]

    def events(self, event: str, phone: Phone | None = None) -> list[Record]:
        """The records of one event, of one phone's call if it is given."""
        return [r for r in self.log if r["event"] == event and (not phone or r.get("call_sid") == phone.call_sid)]

    def event_times(self, event: str, phone: Phone) -> list[float]:
        """When its records of an event were logged, in seconds."""
        return [datetime.fromisoformat(r["timestamp"]).timestamp() for r in self.events(event, phone)]

    async def event(self, event: str, phone: Phone | None = None, timeout_s: float = 6.0) -> Record:
        """Wait for an event's first record."""
        await until(lambda: bool(self.events(event, phone)), timeout_s, event)
        return self.events(event, phone)[0]

    async def record(self, phone: Phone, timeout_s: float = 5.0) -> Record:
        """The call's `call.transcript`, which must come once and hold what was published."""
        record = await self.event("call.transcript", phone, timeout_s)
        published = self.events("transcript.turn", phone)
        for turn in record["turns"]:
            same = [p for p in published if p["item_id"] == turn["item_id"]]
            assert [pick(p, turn) for p in same] == [turn] or not turn["text"], (turn, same)
        assert len({turn["item_id"] for turn in record["turns"]}) == len(record["turns"])
        return record

    def heard(self, *phones: Phone, session: ModelSession | None = None) -> dict[str, truth.Heard]:
        """What these phones' loudspeakers truly played of each spoken item."""
        items = (session or self.model.session()).items
        speakers = [stream.loudspeaker for phone in phones for stream in phone.streams]
        return {one.item.id: one for one in truth.heard(speakers, items, now_ms())}

    def to_model(self, *kinds: str, session: int = 0) -> list[Record]:
        """What the model was told, of these kinds if any are given."""
        events = [event for _, event in self.model.session(session).received]
        return [event for event in events if not kinds or event["type"] in kinds]


def http(url: str = "") -> httpx.AsyncClient:
    """A client of the server's; it knows no certificates, since to load them takes longer than a call can wait."""
    return httpx.AsyncClient(base_url=url, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)


def pick(record: Record, like: Record) -> Record:
    """The fields of one record that another has."""
    return {name: record.get(name) for name in like}


def words(turns: Sequence[Record], role: str = "agent") -> list[str]:
    """The texts of one side's turns."""
    return [turn["text"] for turn in turns if turn["role"] == role]


async def until(happened: Callable[[], bool], timeout_s: float = 5.0, what: str = "it") -> None:
    """Wait until something holds."""
    deadline_ms = now_ms() + timeout_s * 1000
    while not happened():
        assert now_ms() < deadline_ms, f"waited {timeout_s} s for {what}"
        await asyncio.sleep(0.01)


def written(name: str, text: str) -> Path:
    """A file that lasts until the tests end."""
    folder = tempfile.mkdtemp(prefix="house-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / name
    path.write_text(text)
    return path


@contextlib.asynccontextmanager
async def house(script: Script = (), *, rest: bool = False, **options: Any) -> AsyncIterator[House]:
    """Open a house."""
    number = next(_numbers)
    model_options: dict[str, Any] = {"pacing": QUICK, "hearing": Hearing(CALLERS, delay_ms=100.0), "seed": number}
    model_options |= {name: options.pop(name) for name in list(options) if name in _OPTIONS}
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(Model(script, options=Options(**model_options)))
        api = await stack.enter_async_context(RestApi(AUTH_TOKEN)) if rest else None
        settings = make_settings(model, number, api, **options)
        configure("debug", "json", stream=LOG, secrets=settings.secrets)
        server = await stack.enter_async_context(running(settings, number))
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        opened = House(number, settings, model, url, api, server.config.app, server)
        async with opened._phones:
            yield opened
    for record in opened.log:
        contract.check(record, AUTH_TOKEN, API_KEY)


def make_settings(model: Model, number: int, rest: RestApi | None = None, **changes: Any) -> Settings:
    """Settings of a house that differ from the defaults only where they must."""
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "public_url": f"https://voice-{number}.example.org",
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_api_url": rest.base_url if rest else "http://127.0.0.1:9",
        "openai_api_key": API_KEY,
        "openai_base_url": model.base_url,
        "database_url": f"sqlite:///{STORES.name}/{number}.sqlite3",
    }
    return Settings(_env_file=None, **(given | changes))  # type: ignore[call-arg]


@contextlib.asynccontextmanager
async def running(settings: Settings, number: int) -> AsyncIterator[uvicorn.Server]:
    """The server in this process, on the options with which `serve` runs it."""
    server = _Server(uvicorn.Config(create_app(settings), **serving.uvicorn_settings(settings)))
    task = asyncio.create_task(_serve(server, number))
    try:
        await until(lambda: server.started or task.done(), 15, "the server")
        if task.done():
            task.result()
        yield server
    finally:
        server.should_exit = server.force_exit = True
        await task


async def _serve(server: uvicorn.Server, number: int) -> None:
    bind_contextvars(house=number)
    await server.serve()
