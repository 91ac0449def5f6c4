"""The store's tables, as queries name them. What makes them is in `migrations.py`; a test keeps the two alike.

Times are UTC moments, durations whole ms. Phone numbers stand here as Twilio gave them: they are masked in logs only.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is taken off there and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC) if value else None


calls = Table(
    "calls",
    metadata,
    Column("call_sid", Text, primary_key=True),
    Column("account_sid", Text, nullable=False),
    Column("from_number", Text, nullable=False),
    Column("to_number", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Text),
    Column("duration_ms", BigInteger),
    Column("generation", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", Moment),
    Column("record", JSON),
)
"""A call: `generation` counts its streams, `owner` is the process that serves the newest one, for as long as
`lease_until`. `record` has the figures of its `call.transcript` (stream, latency)."""

turns = Table(
    "turns",
    metadata,
    Column("call_sid", ForeignKey("calls.call_sid", ondelete="CASCADE"), primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("unheard", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("generated_ms", BigInteger, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("confidence", Double),
    Column("failed", Boolean, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
"""A turn: `generation` and `position` are its place in the conversation. One that is not settled is being played; its
`text` and `heard_ms` are what was heard of it by `updated_at`."""

claims = Table(
    "claims",
    metadata,
    Column("call_sid", ForeignKey("calls.call_sid", ondelete="CASCADE"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("claimed_at", Moment, nullable=False),
)
"""Who took a call over, and when."""

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("expires_at", Moment, nullable=False),
)
"""Stream tokens that have opened a stream, hashed, for as long as they would be valid."""

version = Table("store_version", metadata, Column("version", Integer, primary_key=True))
"""One row: how many migrations have been made."""
