"""Brings a database to the version that this software needs, or back; all of it in one transaction."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.errors import WrongDatabase
from service.store.engine import Store

NEWEST = "head"
_LOCK = int.from_bytes(b"pathmigr", "big") >> 1  # the number of PostgreSQL's lock for one migration at a time


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


@cache
def newest() -> str:
    """Name the version that this software needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(connection: sa.Connection) -> str:
    """Name the version that the database is at; empty for an empty database."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def move(store: Store, to: str = NEWEST) -> None:
    """Bring the database to a version; several processes may do so at once.

    Parameters
    ----------
    to
        A version, ``head`` for the newest, ``base`` for none.

    Raises
    ------
    WrongDatabase
        The database is at a version that this software does not know.
    Unavailable
        The database does not answer.
    """
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        known = {revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()}
        at = current(connection)
        if at and at not in known:
            raise WrongDatabase(f"the database is at version {at}, which this software does not know; update it")
        if to == "base" or (at and to in known and to != at and _is_older(to, at)):
            command.downgrade(_config(connection), to)
        else:
            command.upgrade(_config(connection), to)


def _is_older(one: str, other: str) -> bool:
    below = ScriptDirectory.from_config(_config()).walk_revisions(base="base", head=other)
    return one in {revision.revision for revision in below}
