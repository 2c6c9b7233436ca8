"""Answers kept for requests that may be sent twice (Idempotency-Key)."""

from typing import Any

import sqlalchemy as sa

from service.store import rows
from service.store.rows import Row
from service.store.schema import IDEMPOTENCY


def find(connection: sa.Connection, account_id: str, key: str, not_before: str) -> Row | None:
    """Find the answer that was given to this account for this key, unless it is too old."""
    return rows.one(
        connection,
        sa.select(IDEMPOTENCY).where(
            IDEMPOTENCY.c.account_id == account_id, IDEMPOTENCY.c.key == key, IDEMPOTENCY.c.created_at >= not_before
        ),
    )


def keep(connection: sa.Connection, not_before: str, **values: Any) -> None:
    """Keep an answer; those that are too old go."""
    connection.execute(sa.delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < not_before))
    rows.add(connection, IDEMPOTENCY, **values)


def forget(connection: sa.Connection, case_id: str) -> None:
    """Forget all answers about a case."""
    connection.execute(sa.delete(IDEMPOTENCY).where(IDEMPOTENCY.c.case_id == case_id))
