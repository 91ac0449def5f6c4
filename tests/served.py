"""`twilio-openai serve` as an operator runs it: a process of its own, with settings from its environment alone.

async with served(model, LOG_LEVEL="debug") as server:
    phone = await server.call()
    ...
assert server.code == 0
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from house import API_KEY, Record, http, until

from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.phone import ACCOUNT_SID, AUTH_TOKEN, Phone
from twilio_openai.rehearsal.twiml import Document

COMMAND = Path(sys.executable).with_name("twilio-openai")
PUBLIC = "https://voice.example.org"


def environment(**changes: str | None) -> dict[str, str]:
    """What `serve` needs, and nothing of this process's own settings; None takes a variable away."""
    given: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "LOG_FORMAT": "json",
        "PUBLIC_URL": PUBLIC,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_URL": "http://127.0.0.1:9",
        "OPENAI_API_KEY": API_KEY,
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running server. `lines` is its standard output so far, `errors` its standard error."""

    process: asyncio.subprocess.Process
    folder: Path
    url: str
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _phones: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def log(self) -> list[Record]:
        """Its output, every line of it as JSON."""
        return [json.loads(line) for line in self.lines]

    def events(self, event: str) -> list[Record]:
        return [record for record in self.log if record["event"] == event]

    async def event(self, event: str, timeout_s: float = 6.0) -> Record:
        await until(lambda: bool(self.events(event)), timeout_s, event)
        return self.events(event)[0]

    async def ring(self) -> Document:
        """What a further caller's webhook is answered with."""
        phone = await self._phones.enter_async_context(Phone(self.url, public_url=PUBLIC))
        return await phone.ring()

    async def call(self, line: Line | None = None, public_url: str = PUBLIC, **options: Any) -> Phone:
        """A phone that has rung and is connected."""
        phone = await self._phones.enter_async_context(Phone(self.url, line=line, public_url=public_url, **options))
        await phone.ring()
        assert await phone.connect(), phone.notices
        return phone

    async def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 10.0) -> int:
        """Its exit code after a signal."""
        self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), timeout_s)

    async def ready(self) -> None:
        """Wait until it answers."""
        async with http() as client:
            for _ in range(400):
                assert self.process.returncode is None, self.errors
                try:
                    assert (await client.get(f"{self.url}/healthz")).status_code == 200
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        raise AssertionError(f"nobody answers at {self.url}: {self.lines}")


@contextlib.asynccontextmanager
async def served(model: Model | None = None, *, dotenv: str = "", **changes: str | None) -> AsyncIterator[Served]:
    """Run the command until the block ends, in a folder of its own with this `.env`."""
    with tempfile.TemporaryDirectory(prefix="served-") as folder:
        (Path(folder) / ".env").write_text(dotenv)
        if model:
            changes.setdefault("OPENAI_BASE_URL", model.base_url)
        pipe = asyncio.subprocess.PIPE
        variables = environment(**{"PORT": str(free_port())} | changes)
        process = await asyncio.create_subprocess_exec(
            COMMAND, "serve", env=variables, cwd=folder, stdout=pipe, stderr=pipe, limit=2**24, start_new_session=True
        )
        server = Served(process, Path(folder), f"http://{variables.get('HOST', '127.0.0.2')}:{variables['PORT']}")
        readers = [
            asyncio.create_task(_read(process.stdout, server.lines)),
            asyncio.create_task(_read(process.stderr, server.errors)),
        ]
        try:
            await server.ready()
            yield server
        finally:
            await server._phones.aclose()
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
            await asyncio.gather(*readers)


async def _read(stream: asyncio.StreamReader | None, lines: list[str]) -> None:
    assert stream
    async for line in stream:
        lines.append(line.decode().rstrip("\n"))


async def run(*arguments: str, timeout_s: float = 20.0, **changes: str | None) -> tuple[int, str, str]:
    """A command that ends by itself: exit code, standard output, standard error."""
    pipe = asyncio.subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="served-") as folder:
        process = await asyncio.create_subprocess_exec(
            COMMAND, *arguments, env=environment(**changes), cwd=folder, stdout=pipe, stderr=pipe
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), timeout_s)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, out.decode(), err.decode()
