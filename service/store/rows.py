"""Short ways to put in and take out rows; each table's own room says which."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

Row = Mapping[str, Any]


def add(connection: sa.Connection, table: sa.Table, **values: Any) -> None:
    """Put in one row."""
    connection.execute(sa.insert(table).values(**values))


def one(connection: sa.Connection, query: "sa.Select[Any]") -> Row | None:
    """Take out the first row that a query finds."""
    found = connection.execute(query).mappings().first()
    return None if found is None else dict(found)


def many(connection: sa.Connection, query: "sa.Select[Any]") -> list[Row]:
    """Take out all rows that a query finds."""
    return [dict(row) for row in connection.execute(query).mappings()]


def count(connection: sa.Connection, query: "sa.Select[Any]") -> int:
    """Count the rows that a query finds."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())).scalar_one())


def page(connection: sa.Connection, query: "sa.Select[Any]", number: int, limit: int) -> tuple[list[Row], int]:
    """Take out one page (the first is 1), with the number of rows on all pages."""
    return many(connection, query.limit(limit).offset((number - 1) * limit)), count(connection, query)
