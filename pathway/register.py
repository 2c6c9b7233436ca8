"""Where the pseudonymised rows are kept: one SQLite file in a folder, or a database that a URL names."""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from pathway.errors import Mismatch, RegisterUnavailable
from pathway.instrument import Instrument
from pathway.pseudonym import letters
from pathway.tables import KEYS, TABLES, Field, Table, columns, fields

FILE = "register.sqlite"

_FORMAT = 1
_PATIENCE_SECONDS = 5
_CHUNK = 50_000
_ONE_IMPORT = int.from_bytes(b"pathway", "big")  # the number of the lock that PostgreSQL gives to one import at a time
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # sorted by code point in both
_TYPES: dict[str, Any] = {
    "string": _TEXT,
    "integer": sa.Integer(),
    "number": sa.Double(),
    "boolean": sa.Boolean(),
    "date": sa.Date(),
}


def _column(table: Table, field: Field) -> "sa.Column[Any]":
    may_be_null = not field["constraints"]["required"] and field["type"] != "string"
    return sa.Column(
        field["name"], _TYPES[field["type"]], primary_key=field["name"] in KEYS[table], nullable=may_be_null
    )


_META = sa.MetaData()
_STORED: dict[Table, sa.Table] = {
    table: sa.Table(table, _META, *(_column(table, field) for field in fields(table)), sqlite_with_rowid=False)
    for table in TABLES
}
_ABOUT = sa.Table(
    "register",
    _META,
    sa.Column("format", sa.Integer(), primary_key=True),
    sa.Column("key_id", _TEXT, nullable=False),
    sa.Column("instrument", _TEXT, nullable=False),
    sa.Column("scale_min", sa.Integer(), nullable=False),
    sa.Column("scale_max", sa.Integer(), nullable=False),
)
_IMPORTS = sa.Table(
    "imports",
    _META,
    sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("package", _TEXT, nullable=False, unique=True),
    sa.Column("imported_on", sa.Date(), nullable=False),
    sa.Column("key_id", _TEXT, nullable=False),
    sa.Column("instrument", _TEXT, nullable=False),
    sa.Column("mock", sa.Boolean(), nullable=False),
    sa.Column("counts", sa.JSON(), nullable=False),
)


@dataclass(frozen=True)
class Tables:
    """All rows of a register, with the contract's columns, sorted by what makes a row the same row (`tables.KEYS`).

    Texts have dtype ``str`` and are never missing (``health_codes`` and ``respondent_id`` may be empty), dates
    ``datetime64[s]``, ``birth_year`` and ``months_without_work`` ``int64``, ``children_at_home`` ``bool``,
    ``hours_per_week`` and ``value`` ``float64``. A missing ``value`` is NaN, a missing ``ended_on`` NaT.
    """

    clients: pd.DataFrame
    measurements: pd.DataFrame
    participations: pd.DataFrame
    outcomes: pd.DataFrame


@dataclass(frozen=True)
class Change:
    """What taking in rows of one table did to the register, in rows."""

    new: int = 0
    corrected: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Import:
    """One package taken in.

    Attributes
    ----------
    package
        A hash of the package's files as they stood, in letters.
    mock
        Whether the package says that it holds people who do not exist.
    counts
        Per table, what it did to the register.
    """

    package: str
    imported_on: date
    key_id: str
    instrument: str
    mock: bool
    counts: Mapping[str, Change]


class Register:
    """An existing register, to be read."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self._place = place

    def __repr__(self) -> str:
        return f"Register({self._place})"

    def tables(self) -> Tables:
        """Read all rows.

        Raises
        ------
        RegisterUnavailable
            The register cannot be read.
        """
        with _transaction(self._engine, self._place) as connection:
            return Tables(**{table: _frame(connection, table) for table in TABLES})

    def version(self) -> str:
        """Hash all rows, in letters: the same rows give the same version, however they came in.

        Raises
        ------
        RegisterUnavailable
            The register cannot be read.
        """
        digest = hashlib.sha256()
        with _transaction(self._engine, self._place) as connection:
            for table in TABLES:
                digest.update(f"\n{table}\n".encode())
                for rows in _chunks(connection, table):
                    digest.update(json.dumps(rows, default=str, ensure_ascii=False).encode())
        return letters(digest.digest())[:32]

    def imports(self) -> tuple[Import, ...]:
        """List the packages taken in, in order; raises `RegisterUnavailable` as `tables` does."""
        with _transaction(self._engine, self._place) as connection:
            return _imports(connection)

    @property
    def mock(self) -> bool:
        """Whether any rows are of people who do not exist."""
        return any(known.mock for known in self.imports())

    @property
    def key_id(self) -> str:
        """Id of the key that all pseudonyms of the register are made with."""
        with _transaction(self._engine, self._place) as connection:
            return str(connection.execute(sa.select(_ABOUT.c.key_id)).scalar_one())


class Writer:
    """A register within the one transaction of an import."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def earlier(self, package: str) -> Import | None:
        """Return the import of this very package, if there was one."""
        return next((known for known in _imports(self._connection) if known.package == package), None)

    def birth_years(self) -> "pd.Series[int]":
        """Return the year of birth of every client in the register, by pseudonym."""
        clients = _STORED["clients"]
        rows = self._connection.execute(sa.select(clients.c.client_id, clients.c.birth_year)).all()
        return pd.Series({row[0]: row[1] for row in rows}, dtype="int64")

    def take_in(self, table: Table, rows: pd.DataFrame) -> Change:
        """Add rows that are new, and correct those that say something else than before.

        Parameters
        ----------
        rows
            With the table's columns, sound, and no two with the same key. Texts may be categoricals.
        """
        rows = _filled(table, rows)
        keys = list(KEYS[table])
        stored = self._connection.execute(sa.select(sa.func.count()).select_from(_STORED[table])).scalar_one()
        if stored == 0 or rows.empty:
            _pour(self._connection, table, rows)
            return Change(new=len(rows))
        rows = rows.astype(dict.fromkeys(rows.select_dtypes("category").columns, str)).reset_index(drop=True)
        both = rows.merge(
            _frame(self._connection, table), on=keys, how="left", suffixes=("", " before"), indicator="is"
        )
        known = both["is"].eq("both").to_numpy()
        same = known.copy()
        for name in set(columns(table)) - set(keys):
            now, then = both[name], both[f"{name} before"]
            same &= (now.eq(then) | (now.isna() & then.isna())).to_numpy(bool)
        corrected = known & ~same
        self._remove(table, rows.loc[corrected, keys])
        _pour(self._connection, table, rows[~same])
        return Change(new=int((~known).sum()), corrected=int(corrected.sum()), unchanged=int(same.sum()))

    def record(self, taken_in: Import) -> None:
        """Note that a package has been taken in."""
        number = self._connection.execute(sa.select(sa.func.count()).select_from(_IMPORTS)).scalar_one() + 1
        counts = {table: asdict(change) for table, change in taken_in.counts.items()}
        row = {**taken_in.__dict__, "number": number, "counts": counts}
        self._connection.execute(_IMPORTS.insert(), [row])

    def _remove(self, table: Table, keys: pd.DataFrame) -> None:
        if keys.empty:
            return
        stored = _STORED[table]
        named = [f"the_{name}" for name in keys.columns]
        same = sa.and_(*(stored.c[name] == sa.bindparam(f"the_{name}") for name in keys.columns))
        dates = keys.select_dtypes("datetime").columns
        plain = keys.astype(object).assign(**{name: keys[name].dt.date for name in dates})
        records = [dict(zip(named, row, strict=True)) for row in plain.itertuples(index=False)]
        self._connection.execute(stored.delete().where(same), records)


def open(where: str | Path) -> Register:
    """Open an existing register.

    Parameters
    ----------
    where
        Its folder, or a database URL (``sqlite:///…``, ``postgresql://…``).

    Raises
    ------
    RegisterUnavailable
        There is none, or it cannot be read.
    """
    file, place = _file(where), _place(where)
    if file is not None and not file.is_file():
        raise RegisterUnavailable(f"{place}: there is no register; make one with pathway import")
    engine = _engine(where, file, create=False)
    with _transaction(engine, place) as connection:
        _check_format(connection, place)
    return Register(engine, place)


@contextmanager
def writing(where: str | Path, key_id: str, instrument: Instrument) -> Iterator[Writer]:
    """Open a register for one import, and make it if there is none; all that is written stays, or nothing does.

    Raises
    ------
    Mismatch
        The register was made with another key, or for another instrument or scale.
    RegisterUnavailable
        It cannot be opened or written, or another import is running.
    """
    file, place = _file(where), _place(where)
    made = _make_room(file, place) if file is not None else []
    try:
        with _transaction(_engine(where, file, create=True), place, write=True) as connection:
            if sa.inspect(connection).has_table(_ABOUT.name):
                _check_format(connection, place)
                _check_fit(connection, place, key_id, instrument)
            else:
                _found(connection, key_id, instrument)
            yield Writer(connection)
    except BaseException:
        _unmake(made)
        raise


def folder(where: str | Path) -> Path | None:
    """Return the folder that an embedded register lies in; ``None`` for a database server."""
    file = _file(where)
    return file.parent if file else None


def _found(connection: sa.Connection, key_id: str, instrument: Instrument) -> None:
    """Lay out an empty register."""
    _META.create_all(connection)
    scale = instrument.scale
    about = {"format": _FORMAT, "key_id": key_id, "instrument": instrument.id}
    connection.execute(_ABOUT.insert(), [about | {"scale_min": scale.min, "scale_max": scale.max}])


def _check_format(connection: sa.Connection, place: str) -> None:
    if not sa.inspect(connection).has_table(_ABOUT.name):
        raise RegisterUnavailable(f"{place}: there is no register; make one with pathway import")
    found = connection.execute(sa.select(_ABOUT.c.format)).scalar_one_or_none()
    if found != _FORMAT:
        raise RegisterUnavailable(f"{place}: the register has another format than this version reads ({_FORMAT})")


def _check_fit(connection: sa.Connection, place: str, key_id: str, instrument: Instrument) -> None:
    about = connection.execute(sa.select(_ABOUT)).one()
    if about.key_id != key_id:
        raise Mismatch(
            f"{place}: the register was made with another key ({about.key_id}, not {key_id}); "
            "set PATHWAY_KEY to the register's own, or import into a new register"
        )
    scale = instrument.scale
    if (about.instrument, about.scale_min, about.scale_max) != (instrument.id, scale.min, scale.max):
        raise Mismatch(
            f"{place}: the register holds answers of the instrument {about.instrument} on the scale "
            f"{about.scale_min}–{about.scale_max}, not {instrument.name}; import into a new register"
        )


def _file(where: str | Path) -> Path | None:
    """Return the SQLite file; ``None`` for a database server."""
    if isinstance(where, str) and "://" in where:
        url = _url(where)
        if url.get_backend_name() != "sqlite":
            return None
        if not url.database or url.database == ":memory:":
            raise RegisterUnavailable("sqlite:// without a file keeps nothing; give a folder, or sqlite:///path")
        return Path(url.database)
    if not str(where).strip():  # of a variable that is not set; it must not become the folder where one stands
        raise RegisterUnavailable("the register has no name; give a folder, or a database URL")
    return Path(where) / FILE


def _url(where: str) -> sa.URL:
    try:
        url = sa.make_url(where)
    except (SQLAlchemyError, ValueError):
        raise RegisterUnavailable("the register's address is no database URL; check its form") from None
    if url.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise RegisterUnavailable("a register is kept in SQLite or PostgreSQL; give sqlite:///… or postgresql://…")
    return url


def _place(where: str | Path) -> str:
    """Name the register in messages, without its password."""
    if isinstance(where, str) and "://" in where:
        url = _url(where)
        return url.set(query={}).render_as_string(hide_password=True)
    return str(where)


def _engine(where: str | Path, file: Path | None, create: bool) -> sa.Engine:
    if file is not None:
        address = f"{file.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"

        def connect() -> sqlite3.Connection:
            # isolation_level None: transactions begin where we say so, or table layouts would fall outside them
            return sqlite3.connect(address, uri=True, isolation_level=None, timeout=_PATIENCE_SECONDS)

        return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool, hide_parameters=True)
    url = _url(str(where)).set(drivername="postgresql+psycopg")
    try:
        return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    except ModuleNotFoundError:
        raise RegisterUnavailable("PostgreSQL needs psycopg; install pathway-generator[postgresql]") from None


@contextmanager
def _transaction(engine: sa.Engine, place: str, write: bool = False) -> Iterator[sa.Connection]:
    """Open a connection and one transaction on it; everything in it happens, or nothing."""
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql" and not write:
                connection.execution_options(isolation_level="REPEATABLE READ")  # all tables as of one moment
            with connection.begin():
                _begin(connection, place, write)
                yield connection
    except SQLAlchemyError as error:
        raise RegisterUnavailable(f"{place}: {_reason(error)}") from None


def _begin(connection: sa.Connection, place: str, write: bool) -> None:
    """Take the lock that keeps others from writing."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
    elif write and not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_ONE_IMPORT))).scalar():
        raise RegisterUnavailable(f"{place}: another import is running; try again when it is done")


def _reason(error: SQLAlchemyError) -> str:
    """Say what a database refused, in words of our own: its words may quote what was to be written."""
    said = str(getattr(error, "orig", "") or "").casefold()
    reasons = {
        "locked": "the register is busy; try again when the other import or reading is done",
        "full": "the disk is full; make room and try again",
        "space": "the disk is full; make room and try again",
        "readonly": "the register cannot be written; check the rights of the folder and the file",
        "read-only": "the register cannot be written; check the rights",
        "permission": "the register cannot be read or written; check the rights",
        "unable to open": "the register cannot be opened; check the path and its rights",
        "not a database": "the file is not a register; check the path, or restore a copy",
        "malformed": "the register is damaged; restore a copy",
        "disk i/o": "the disk cannot be read or written; check it and try again",
        "connect": "the database cannot be reached; check address, user and password",
        "password": "the database cannot be reached; check address, user and password",
    }
    found = next((reason for sign, reason in reasons.items() if sign in said), None)
    return found or f"the database refused ({type(getattr(error, 'orig', None) or error).__name__})"


def _make_room(file: Path, place: str) -> list[Path]:
    """Make the folder for a new register; return what there was not before, files first."""
    try:
        if file.exists():
            return []
        missing = [parent for parent in file.absolute().parents if not parent.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RegisterUnavailable(f"{place}: the folder cannot be made ({error.strerror})") from None
    journal = file.with_name(
        f"{file.name}-journal"
    )  # is left where SQLite was interrupted in the middle of a statement
    return [journal.absolute(), file.absolute(), *missing]


def _unmake(made: Sequence[Path]) -> None:
    """Take away what was made for an import that came to nothing."""
    for path in made:
        try:
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        except OSError:  # somebody else uses it by now
            return


def _imports(connection: sa.Connection) -> tuple[Import, ...]:
    rows = connection.execute(sa.select(_IMPORTS).order_by(_IMPORTS.c.number)).all()
    return tuple(
        Import(
            row.package,
            row.imported_on,
            row.key_id,
            row.instrument,
            row.mock,
            {table: Change(**change) for table, change in row.counts.items()},
        )
        for row in rows
    )


def _chunks(connection: sa.Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    stored = _STORED[table]
    result = connection.execute(
        sa.select(stored).order_by(*(stored.c[name] for name in KEYS[table])), execution_options={"yield_per": _CHUNK}
    )
    for rows in result.partitions():
        yield [tuple(row) for row in rows]


def _frame(connection: sa.Connection, table: Table) -> pd.DataFrame:
    """Read a table; each distinct value is kept once."""
    coders: list[defaultdict[Any, int]] = [defaultdict() for _ in columns(table)]
    for coder in coders:
        coder.default_factory = coder.__len__
    codes: list[list[np.ndarray[Any, Any]]] = [[np.empty(0, np.int32)] for _ in coders]
    for rows in _chunks(connection, table):
        for coder, parts, cells in zip(coders, codes, zip(*rows, strict=True), strict=True):
            parts.append(np.fromiter(map(coder.__getitem__, cells), np.int32, len(rows)))
    return pd.DataFrame(
        {
            field["name"]: _series(field, list(coder), np.concatenate(parts))
            for field, coder, parts in zip(fields(table), coders, codes, strict=True)
        }
    )


def _series(field: Field, distinct: list[Any], codes: "np.ndarray[Any, Any]") -> "pd.Series[Any]":
    if field["type"] == "string":
        return pd.Series(np.array(distinct, object)[codes], dtype=str)
    if field["type"] == "integer" and field["constraints"]["required"]:
        return pd.Series(np.array(distinct, np.int64)[codes])
    kinds = {"date": "datetime64[s]", "boolean": "bool"}
    return pd.Series(np.array(distinct, kinds.get(field["type"], "float64"))[codes])


def _filled(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Put columns in order and type; an empty text stands where there is none."""
    filled = {}
    for field in fields(table):
        column = rows[field["name"]]
        if field["type"] == "string":
            column = column.cat.add_categories([""]) if "" not in column.cat.categories else column
            column = column.fillna("")
        elif field["type"] == "boolean":
            column = column.astype(bool)
        filled[field["name"]] = column
    return pd.DataFrame(filled).sort_values(list(KEYS[table]))


def _pour(connection: sa.Connection, table: Table, rows: pd.DataFrame) -> None:
    """Insert many rows by the driver's fastest way."""
    for begin in range(0, len(rows), _CHUNK):
        records = _records(table, rows.iloc[begin : begin + _CHUNK])
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns(table)))
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", records)  # noqa: S608 our own names
            continue
        _copy(connection, table, records)


def _copy(connection: sa.Connection, table: Table, records: list[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
    except connection.dialect.loaded_dbapi.Error as error:
        raise sa.exc.OperationalError("COPY", None, error, hide_parameters=True) from None


def _records(table: Table, rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Turn rows into plain values that both drivers take: dates as ISO texts, nothing as ``None``."""
    cells = []
    for field in fields(table):
        column = rows[field["name"]]
        empty = column.isna().to_numpy()
        if field["type"] == "date":
            plain = np.datetime_as_string(column.to_numpy("datetime64[s]"), unit="D").astype(object)
        elif field["type"] == "integer":
            plain = column.fillna(0).to_numpy(np.int64).astype(object)
        else:
            plain = column.to_numpy(object)
        plain[empty] = None
        cells.append(plain.tolist())
    return list(zip(*cells, strict=True))
