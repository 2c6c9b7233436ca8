"""Opens the database: SQLite or PostgreSQL, one transaction at a time, and no word of the driver's gets out."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import Conflict, FaultySetting, Unavailable

_READING = {"reading": True}
_ERASED = "erased"
_TROUBLES = {  # SQLite's and PostgreSQL's names
    "SQLITE_FULL": "has no space left on its disk",
    "53100": "has no space left on its disk",
    "SQLITE_BUSY": "is locked by another program",
    "55P03": "is locked by another program",
    "SQLITE_READONLY": "may only be read",
    "25006": "may only be read",
}


class Store:
    """A database that is open.

    Parameters
    ----------
    engine
        Made by `connect`.
    """

    def __init__(self, engine: sa.Engine, wait_seconds: float = 5) -> None:
        self.engine, self._wait_seconds = engine, wait_seconds
        # SQLite takes one writer at a time and lets others poll; within a process they rather stand in line.
        self._line = threading.Lock() if engine.dialect.name == "sqlite" else None
        self._unswept = False

    def __repr__(self) -> str:
        return f"Store({self.engine.dialect.name})"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read in one transaction; nothing is kept of what is written in it.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        with _worded(), self.engine.connect().execution_options(**_READING) as connection:
            yield connection

    @contextmanager
    def snapshot(self, alone: bool = False) -> Iterator[sa.Connection]:
        """Read everything as it is at one moment, however long it takes.

        Parameters
        ----------
        alone
            Whether nobody may add to the trail meanwhile.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        if self._line is not None:
            with self.writing() if alone else self.reading() as connection:
                yield connection
            return
        with _worded(), self.engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
            if alone:
                connection.execute(sa.text("LOCK TABLE trail_head IN EXCLUSIVE MODE"))
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write in one transaction: all of it, or nothing when anything fails.

        Raises
        ------
        Unavailable
            The database does not answer, or is full or locked; nothing was written.
        Conflict
            Somebody else wrote the same at the same moment; nothing was written.
        """
        with _worded(), self._turn():
            with self.engine.begin() as connection:
                yield connection
                self._unswept |= bool(connection.info.pop(_ERASED, False))
            if self._line is not None and self._unswept:
                self._unswept = not self._swept()

    def _swept(self) -> bool:
        """Empty SQLite's write-ahead log, where what was erased can still be read; not while somebody reads it."""
        try:
            with closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("PRAGMA busy_timeout=0")  # a backup may read for minutes, and others wait to write
                try:
                    busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={round(self._wait_seconds * 1000)}")
        except (sqlite3.Error, SQLAlchemyError):  # what was asked for is written; the next to write tries again
            return False
        return not busy

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._line is None:
            yield
            return
        if not self._line.acquire(timeout=self._wait_seconds):
            raise Unavailable("too many are writing at this moment; try again")
        try:
            yield
        finally:
            self._line.release()

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def note_erased(connection: sa.Connection) -> None:
    """Let nothing of what this transaction erases stay in files beside the database, once it is written."""
    connection.info[_ERASED] = True


def connect(url: str, wait_seconds: int = 5) -> Store:
    """Open a database, which may still be empty.

    Parameters
    ----------
    wait_seconds
        Longest wait for a lock or a connection.

    Raises
    ------
    FaultySetting
        The address is none, or of another kind of database.
    """
    try:
        address = sa.make_url(url)
    except SQLAlchemyError:
        raise FaultySetting("PATHWAY_DATABASE_URL: is no database address; see docs/SERVICE.md") from None
    kind = address.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise FaultySetting("PATHWAY_DATABASE_URL: must be sqlite:///FILE or postgresql+psycopg://…")
    if kind == "sqlite":
        if not address.database or address.database == ":memory:":
            raise FaultySetting("PATHWAY_DATABASE_URL: sqlite needs a file (sqlite:///FILE)")
        engine = sa.create_engine(
            address, hide_parameters=True, pool_timeout=wait_seconds, connect_args={"timeout": wait_seconds}
        )
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = sa.create_engine(
            address.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=wait_seconds,
            connect_args={
                "connect_timeout": max(wait_seconds, 2),
                "options": f"-c lock_timeout={wait_seconds * 1000} -c idle_in_transaction_session_timeout=60000",
                # A server whose machine is gone, and that does not even say so, is given up after this long.
                "keepalives_idle": wait_seconds,
                "keepalives_interval": wait_seconds,
                "keepalives_count": 2,
                "tcp_user_timeout": 3_000 * wait_seconds,
            },
        )
    return Store(engine, wait_seconds)


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that may write takes the lock at once: one that asks for it half-way is refused, not queued.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _worded() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise Conflict("the same was written by somebody else at the same moment; read again and retry") from None
    except PoolTimeout:
        raise Unavailable("all connections to the database are busy; try again") from None
    except SQLAlchemyError as error:
        raise Unavailable(f"the database {_trouble(error)}; nothing was written, try again") from None


def _trouble(error: SQLAlchemyError) -> str:
    """Word what ails the database, by the driver's own code."""
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return _TROUBLES.get(str(code), f"did not answer ({type(error).__name__})")
