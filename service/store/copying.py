"""Copies all tables of one database into another, empty one, and proves that they are the same."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.errors import WrongDatabase
from service.store.schema import HEAD, META

_AT_ONCE = 500  # rows held in memory


@dataclass(frozen=True)
class Told:
    """What a table holds: how many rows, and a hash of all of them in order of their keys."""

    n_rows: int
    sha256: str


def copy(source: sa.Connection, target: sa.Connection) -> Mapping[str, Told]:
    """Copy all rows; what each table holds.

    Raises
    ------
    WrongDatabase
        The target is not empty, or what it holds afterwards is not what the source holds.
    """
    for table in META.sorted_tables:
        if table is not HEAD and target.execute(sa.select(table).limit(1)).first() is not None:
            raise WrongDatabase("the database to copy to is not empty; give a new one")
    target.execute(sa.delete(HEAD))  # the migrations put in the end of an empty trail
    told = {}
    for table in META.sorted_tables:
        told[table.name] = _copy_table(table, source, target)
        if _look_through(table, target) != told[table.name]:
            raise WrongDatabase(f"table {table.name} is not the same after copying; nothing was kept, try again")
    return told


def _copy_table(table: sa.Table, source: sa.Connection, target: sa.Connection) -> Told:
    digest, n_rows = hashlib.sha256(), 0
    waiting: list[dict[str, Any]] = []
    for rows in _batches(table, source):
        n_rows += len(rows)
        for row in rows:
            digest.update(_bytes_of(row))
        # A token names the key that it was made from, which may come after it.
        waiting += [row for row in rows if row.get("made_from")]
        rows = [row for row in rows if not row.get("made_from")]
        if rows:
            target.execute(sa.insert(table), rows)
    if waiting:
        target.execute(sa.insert(table), waiting)
    return Told(n_rows, digest.hexdigest())


def _look_through(table: sa.Table, connection: sa.Connection) -> Told:
    digest, n_rows = hashlib.sha256(), 0
    for rows in _batches(table, connection):
        n_rows += len(rows)
        for row in rows:
            digest.update(_bytes_of(row))
    return Told(n_rows, digest.hexdigest())


def _batches(table: sa.Table, connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
    for batch in connection.execute(query).mappings().partitions():
        yield [dict(row) for row in batch]


def _bytes_of(row: Mapping[str, Any]) -> bytes:
    plain = [bytes(value) if isinstance(value, memoryview) else value for value in row.values()]
    return repr(plain).encode()
