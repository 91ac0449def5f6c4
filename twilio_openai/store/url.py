"""DATABASE_URL, read: which store is meant, in the words of its driver. Pure.

`sqlite:///calls.sqlite3` is a file in the working directory, `sqlite:////data/calls.sqlite3` one with a whole path.
`postgres://` and `postgresql://` are taken as libpq takes them, `?sslmode=require` and the like included. A driver
that is named (`postgresql+psycopg://`) is ignored: there is one for each kind of store.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

DEFAULT_URL: Final = "sqlite:///twilio_openai.sqlite3"
EXPECTED: Final = "expected sqlite:///calls.sqlite3 or postgresql://user:password@host/database"

_CHANNEL_BINDING = re.compile(r"(?<=[?&])channel_binding=[^&]*(&|$)")


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A store in a file, for the replicas of one machine."""

    path: Path

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A store on a server, for the replicas of many machines. `dsn` may hold a password, the rest does not."""

    dsn: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown


def parse_url(text: str) -> SqliteFile | PostgresServer:
    """The store that a DATABASE_URL means.

    Raises:
        ValueError: it means none. The message repeats nothing of the URL but its scheme: the rest may be a password.
    """
    scheme, separator, rest = text.strip().partition("://")
    match scheme.partition("+")[0].lower() if separator else "":
        case "sqlite":
            return _file(rest)
        case "postgres" | "postgresql":
            return _server(rest)
        case name if re.fullmatch("[a-z0-9]{1,20}", name):
            raise ValueError(f"{name} is no store that we know: {EXPECTED}")
    raise ValueError(EXPECTED)


def _file(rest: str) -> SqliteFile:
    if not rest.startswith("/") or "?" in rest:
        raise ValueError("expected sqlite:///name (in the working directory) or sqlite:////whole/path, and no options")
    if rest in ("/", "/:memory:"):
        raise ValueError("a store in memory forgets every call with its process: expected sqlite:///calls.sqlite3")
    return SqliteFile(Path(rest[1:]))


def _server(rest: str) -> PostgresServer:
    """Hosted databases hand out `channel_binding`, which asyncpg does not know and does without."""
    dsn = _CHANNEL_BINDING.sub("", f"postgresql://{rest}").rstrip("?&")
    try:
        parts = urlsplit(dsn)
        hosts = parts.netloc.rpartition("@")[2]
        ports_are_numbers = all(re.fullmatch(r"([^:\[\]]*|\[[^\]]*\])(:\d+)?", host) for host in hosts.split(","))
    except ValueError:
        ports_are_numbers = False
    if not ports_are_numbers or parts.fragment:
        raise ValueError(f"{EXPECTED}; in the password @ / : # ? % are written %40 %2F %3A %23 %3F %25")
    return PostgresServer(dsn, f"postgresql://{hosts}{parts.path}")
