"""DATABASE_URL: what it means, and what is said when it means nothing."""

from pathlib import Path

import pytest
from store_stage import empty_database

from twilio_openai.services.store_service import open_store
from twilio_openai.store import DEFAULT_URL, parse_url
from twilio_openai.store.url import PostgresServer, SqliteFile


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (DEFAULT_URL, "twilio_openai.sqlite3"),
        ("sqlite:///calls.sqlite3", "calls.sqlite3"),
        ("sqlite:////data/calls.sqlite3", "/data/calls.sqlite3"),
        ("sqlite+aiosqlite:////data/calls.sqlite3", "/data/calls.sqlite3"),
    ],
)
def test_a_file(url: str, path: str) -> None:
    assert parse_url(url) == SqliteFile(Path(path))


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgres://u:p@host/db", "postgresql://u:p@host/db"),
        ("postgresql://u@host:5433/db", "postgresql://u@host:5433/db"),
        ("postgresql+psycopg2://u:p%40@[::1]:5433/db", "postgresql://u:p%40@[::1]:5433/db"),
        ("postgres://u:p@a:1,b:2/db?sslmode=require", "postgresql://u:p@a:1,b:2/db?sslmode=require"),
        ("postgres://u:p@h/db?channel_binding=require&sslmode=require", "postgresql://u:p@h/db?sslmode=require"),
        ("postgres://u:p@h/db?channel_binding=require", "postgresql://u:p@h/db"),
        ("postgresql:///db?host=/var/run/postgresql", "postgresql:///db?host=/var/run/postgresql"),
    ],
)
def test_a_server(url: str, dsn: str) -> None:
    target = parse_url(url)
    assert isinstance(target, PostgresServer)
    assert target.dsn == dsn


@pytest.mark.parametrize(
    "url",
    [
        "calls.sqlite3",
        "",
        "sqlite://calls.sqlite3",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///calls.sqlite3?mode=ro",
        "mysql://u:hunter2@host/db",
        "hunter2://",
        "postgres://u:hunt/er2@host/db",
        "postgres://u:hunt#er2@host/db",
        "postgres://u:p@host:hunter2/db",
        "postgres://u:p@[hunter2/db",
    ],
)
def test_one_that_means_nothing_says_what_is_expected(url: str) -> None:
    with pytest.raises(ValueError, match="expected sqlite:///") as error:
        parse_url(url)
    told = str(error.value).replace("hunter2 is no store", "")
    assert "hunt" not in told
    assert "\n" not in told


def test_no_password_is_shown() -> None:
    target = parse_url("postgres://user:hunter2@host/db?password=hunter2")
    assert str(target) == "postgresql://host/db"
    assert "hunter2" not in repr(target)


async def test_options_of_libpq_are_understood() -> None:
    store = open_store(empty_database() + "?sslmode=prefer&application_name=calls&channel_binding=prefer")
    await store.migrate()
    await store.close()
