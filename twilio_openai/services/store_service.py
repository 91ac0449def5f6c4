"""Opens the call store that DATABASE_URL names: the one place where a connection to it is made.

SQLite: write-ahead log, so that readers and the writer do not wait for each other; a commit survives the death of the
process (`synchronous=NORMAL`), and of the machine but for the last moment. The file is its owner's alone: it holds what
people said. PostgreSQL: asyncpg with time limits on everything.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ..store import CallStore, parse_url
from ..store.database import SQLITE_BEGIN, Database
from ..store.url import PostgresServer, SqliteFile

BUSY_S = 2.0
"""How long SQLite waits for another process's lock."""

CONNECT_S = 5.0
COMMAND_S = 10.0
POOL_SIZE = 4

PRAGMAS = (
    f"busy_timeout={int(BUSY_S * 1000)}",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
)


def open_store(url: str) -> CallStore:
    """The store of this URL. Nothing is connected before it is first used, so a store that is away opens too.

    Raises:
        ValueError: the URL means no store; the message holds no secret.
    """
    target = parse_url(url)
    engine = _file_engine(target) if isinstance(target, SqliteFile) else _server_engine(target)
    return CallStore(Database(engine, str(target)))


def _server_engine(server: PostgresServer) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",
        connect_args={"dsn": server.dsn, "timeout": CONNECT_S, "command_timeout": COMMAND_S},
        pool_size=POOL_SIZE,
        pool_timeout=COMMAND_S,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def _file_engine(file: SqliteFile) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file.path}", pool_size=POOL_SIZE, pool_timeout=COMMAND_S, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def make_private(*_: Any) -> None:
        _make_private(file.path)

    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """A new file is made for its owner's eyes only; SQLite gives its journals the same rights."""
    if not path.exists():
        path.touch(mode=0o600)


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own: `_begin` does
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get(SQLITE_BEGIN, "DEFERRED")
    if kind:
        connection.exec_driver_sql(f"BEGIN {kind}")
