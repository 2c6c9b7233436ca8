"""Rows of the trail: added at its end, never changed."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import rows
from service.store.rows import Row
from service.store.schema import CHECKPOINT, HEAD, TRAIL


def locked_head(connection: sa.Connection) -> Row:
    """Give the trail's end, and keep all others from adding to it until this transaction is over."""
    # SQLite has locked the whole database when the transaction began.
    found = rows.one(connection, sa.select(HEAD).where(HEAD.c.id == 1).with_for_update())
    if found is None:
        raise ValueError("the migrations put in the head")
    return found


def head(connection: sa.Connection) -> Row:
    """Give the trail's end."""
    found = rows.one(connection, sa.select(HEAD).where(HEAD.c.id == 1))
    if found is None:
        raise ValueError("the migrations put in the head")
    return found


def append(connection: sa.Connection, entries: Sequence[Row], new_head: Row) -> None:
    """Add entries and move the end."""
    connection.execute(sa.insert(TRAIL), list(entries))
    connection.execute(sa.update(HEAD).where(HEAD.c.id == 1).values(**new_head))


def add_checkpoint(connection: sa.Connection, **values: Any) -> None:
    """Keep a signed end of the trail for good."""
    rows.add(connection, CHECKPOINT, **values)


def checkpoints(connection: sa.Connection) -> list[Row]:
    """List all checkpoints in order."""
    return rows.many(connection, sa.select(CHECKPOINT).order_by(CHECKPOINT.c.seq))


def entries(connection: sa.Connection) -> Iterator[Row]:
    """Walk through all entries in order."""
    query = sa.select(TRAIL).order_by(TRAIL.c.seq).execution_options(yield_per=1000)
    yield from (dict(row) for row in connection.execute(query).mappings())


def about(connection: sa.Connection, suggestion_id: str) -> list[Row]:
    """List all entries about a suggestion, oldest first."""
    return rows.many(connection, sa.select(TRAIL).where(TRAIL.c.suggestion_id == suggestion_id).order_by(TRAIL.c.seq))


def listed(
    connection: sa.Connection, number: int, limit: int, suggestion_id: str | None = None
) -> tuple[list[Row], int]:
    """List entries, newest first; of one suggestion where given."""
    query = sa.select(TRAIL).order_by(TRAIL.c.seq.desc())
    return rows.page(
        connection, query if suggestion_id is None else query.where(TRAIL.c.suggestion_id == suggestion_id),
        number, limit,
    )  # fmt: skip
