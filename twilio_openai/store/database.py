"""Transactions on the store's engine, and one way of saying what went wrong with one.

Two kinds: `reading` sees one moment of the store and holds nobody up; `writing` is whole or not at all. On SQLite a
writing transaction takes its lock when it begins, so that it never has to start over half-way.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .errors import StoreAway, StoreError, StoreRefused

SQLITE_BEGIN = "sqlite_begin"
"""The execution option that says how a transaction on SQLite begins."""

_ROWS_AT_FAULT = ("22", "23", "54")
"""Classes of SQLSTATE that blame the data: its form, a constraint, a limit of the program."""

_CLASS = re.compile(r"^<class '(?:\w+\.)*(\w+)'>")


class Database:
    """A store that can be reached, or not. `name` is what to call it, without secrets."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{SQLITE_BEGIN: "IMMEDIATE"})
        self.name = name

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads. Raises `StoreError` for whatever the store does not do."""
        async with _explained(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is kept when the block ends well. Raises `StoreError` for what the store does not do."""
        async with _explained(), self._writing.begin() as connection:
            try:
                yield connection
            except TimeoutError:  # it may answer this question to the next who asks
                await connection.invalidate()
                raise

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """A connection to SQLite outside of any transaction, for the PRAGMAs that want it so. Raises `StoreError`."""
        engine = self._engine.execution_options(**{SQLITE_BEGIN: None})
        async with _explained(), engine.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _of_driver(error) from error
    except StatementError as error:  # it never reached the store: no column can hold this
        raise StoreRefused(type(error.orig or error).__name__) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreAway(_first_line(error)) from error


def _of_driver(error: DBAPIError) -> StoreError:
    """Whose fault it is. What blames a row may quote it, and a row is what somebody said: that is not repeated."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    cause = getattr(error.orig, "__cause__", None)
    if isinstance(error, DataError | IntegrityError) or isinstance(cause, ValueError) or state[:2] in _ROWS_AT_FAULT:
        return StoreRefused(f"{type(cause or error.orig).__name__} {state}".strip())
    return StoreAway(_first_line(error.orig or error))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return _CLASS.sub(r"\1", lines[0]) if lines else type(error).__name__
