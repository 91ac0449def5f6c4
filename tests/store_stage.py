"""Real stores for tests: a SQLite file, and a PostgreSQL of Debian's packages on a free port, started once.

async def test_something(url): ...          # once for each kind of store, fresh and empty
"""

import asyncio
import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from twilio_openai.services.store_service import open_store
from twilio_openai.store import CallStore, Said, Started
from twilio_openai.transcript import Turn

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=10)
CALL = "CA00000000000000000000000000000001"
OTHER = "CA00000000000000000000000000000002"

MISSING = "PostgreSQL's programs are not here (Debian: apt-get install postgresql)"


@dataclass
class Cluster:
    """A PostgreSQL server of our own, without fsync; it is stopped and removed when the tests are over."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Of the database that every test begins with empty."""
        return f"postgres://tester:s3cret@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        quick = "-c fsync=off -c full_page_writes=off -c max_connections=60"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "30", "-l", log, "-o", f"{options} {quick}", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def sql(self, statement: str) -> str:
        """Run one statement, from outside, and give what psql prints."""
        return self._run("psql", "-h", str(self.folder), "-p", str(self.port), "-U", "tester", "-tAc", statement)

    def remove(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self) -> None:
        password = self.folder / "password"
        password.write_text("s3cret")
        if os.geteuid() == 0:  # PostgreSQL will not run as root
            for path in (self.folder, password):
                shutil.chown(path, "postgres")
        access = ("--auth-host=scram-sha-256", "--auth-local=trust", f"--pwfile={password}")
        self._run("initdb", "-D", self._data, "-U", "tester", "-E", "UTF8", "--no-sync", *access)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> str:
        command = (
            [str(self.programs / program), "-d", "postgres"] if program == "psql" else [str(self.programs / program)]
        )
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            check=True,
            timeout=60,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
        )
        return (done.stdout or "").strip()


@functools.cache
def cluster() -> Cluster:
    """The one of this test run."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip(MISSING)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Cluster(programs, Path(tempfile.mkdtemp(prefix="store-")), port)
    atexit.register(made.remove)
    made.make()
    made.start()
    return made


def empty_database() -> str:
    """The URL of the PostgreSQL database, emptied."""
    server = cluster()
    server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of either kind, empty."""
    return f"sqlite:///{tmp_path}/calls.sqlite3" if request.param == "sqlite" else empty_database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[CallStore]:
    """A store of either kind, open and migrated."""
    opened = open_store(url)
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[dict[str, Any]]]:
    """The records of one event in our log so far."""
    caplog.set_level("INFO", "twilio_openai")

    def records(event: str) -> list[dict[str, Any]]:
        ours = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
        return [record for record in ours if record["event"] == event]

    return records


async def until(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(timeout_s):
        while not true():  # noqa: ASYNC110  whatever a test waits for has no event
            await asyncio.sleep(0.01)


def agent(item_id: str, text: str = "Hello there.", started_ms: int = 100, **more: Any) -> Turn:
    """An agent's turn, heard to its end."""
    return Turn("agent", item_id, text, started_ms, **({"heard_ms": 900, "generated_ms": 900} | more))


def caller(item_id: str, text: str = "Good morning.", started_ms: int = 2000, **more: Any) -> Turn:
    """A caller's turn."""
    return Turn("caller", item_id, text, started_ms, **more)


def started(call_sid: str = CALL, generation: int = 1, **more: Any) -> Started:
    """A stream's start."""
    given: dict[str, Any] = {"at": NOW, "owner": "a", "from_number": "+15550001111", "to_number": "+15550002222"}
    return Started(call_sid, generation, **(given | {"lease_until": LEASE} | more))


def said(turn: Turn, position: int, call_sid: str = CALL, generation: int = 1, **more: Any) -> Said:
    """A settled turn."""
    return Said(call_sid, generation, position, turn, **more)
