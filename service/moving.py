"""Moves an installation to another database, backs it up to one file, and restores it; each time with proof.

A backup is an SQLite file with all tables, whatever the database is: it can be restored to either kind.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pathway.errors import UnreadableFile
from service import clock, trail
from service.access.callers import OPERATOR
from service.errors import BrokenTrail, WrongDatabase
from service.settings import Settings
from service.store import Store, accounts, connect, copying, migration
from service.trail import Entry, Signer
from service.vault import Vault
from service.visits import Installation


@dataclass(frozen=True)
class Moved:
    """What was moved: rows by table, and entries of the trail, which was verified."""

    n_rows: dict[str, int]
    n_entries: int


def copy(settings: Settings, url: str) -> Moved:
    """Copy the installation to another, empty database; nobody can add to the trail meanwhile.

    Raises
    ------
    WrongDatabase
        The other database is not empty, is the same, or was not the same afterwards: then it is left empty.
    BrokenTrail
        The trail does not verify.
    """
    with _opened_as_it_is(settings.database_url, settings) as source, _opened(url, settings) as target:
        return _move(source, target, settings, "database.copied", alone=True)


def backup(settings: Settings, file: Path) -> Moved:
    """Write a backup while the service runs; the file appears whole and verified, or not at all.

    Raises
    ------
    UnreadableFile
        The file is there already, or cannot be written.
    BrokenTrail
        The trail does not verify.
    """
    if file.exists():
        raise UnreadableFile(f"{file}: is there already; a backup never writes over another file")
    with _drafts(file.parent) as folder:
        draft = folder / "backup.sqlite"
        with (
            _opened_as_it_is(settings.database_url, settings) as source,
            _opened(f"sqlite:///{draft}", settings) as target,
        ):
            moved = _move(source, target, settings, None, alone=False)
        draft.chmod(0o600)
        os.replace(draft, file)
    return moved


def restore(settings: Settings, file: Path) -> Moved:
    """Put a backup into the database that the settings name, which must be empty; an older backup is brought up first.

    Raises
    ------
    UnreadableFile
        The file is not there.
    WrongDatabase
        The file is no backup, or the database is not empty.
    BrokenTrail
        The backup's trail does not verify.
    """
    if not file.is_file():
        raise UnreadableFile(f"{file}: there is no such file; check the path")
    with _drafts(None) as folder:
        draft = folder / "backup.sqlite"
        shutil.copyfile(file, draft)  # so that the backup itself is never changed
        with _opened_as_it_is(f"sqlite:///{draft}", settings) as source, source.reading() as connection:
            if not migration.current(connection):
                raise WrongDatabase(f"{file}: is no backup of the service")
        with _opened(f"sqlite:///{draft}", settings) as source, _opened(settings.database_url, settings) as target:
            return _move(source, target, settings, "database.restored", alone=True)


def erase_idle(installation: Installation, before: str, really: bool) -> int:
    """Erase cases that nothing was stored about since a moment, or only count them."""
    from service import rights
    from service.store import suggestions as stored

    if not really:
        with installation.store.reading() as connection:
            return len(stored.cases_idle_since(connection, before))
    with installation.visit(OPERATOR, installation.new_trace()) as visit:
        return rights.expire(visit, before)


def _move(source: Store, target: Store, settings: Settings, action: str | None, alone: bool) -> Moved:
    signer, vault = Signer(settings.trail_keys), Vault(settings.seal_keys)
    with source.snapshot(alone) as taken, target.writing() as given:
        if source.engine.url == target.engine.url:
            raise WrongDatabase("the database to copy to is the same")
        at = migration.current(taken)
        if not at or accounts.is_empty(taken):
            raise WrongDatabase("there is nothing in the database yet; check PATHWAY_DATABASE_URL")
        if at != migration.newest():
            raise WrongDatabase(f"the database is at version {at}, not {migration.newest()}; run pathway db upgrade")
        told = copying.copy(taken, given)
        faults = trail.check(given, signer, vault).faults
        if faults:
            raise BrokenTrail(f"the trail does not hold ({faults[0]}, {len(faults)} faults); nothing was copied")
        n_rows = {name: one.n_rows for name, one in told.items()}
        if action is not None:
            entry = Entry(action, facts={"n_rows": sum(n_rows.values()), "n_entries": n_rows["trail"]})
            about = {"actor": OPERATOR.plain(), "trace": Installation.new_trace()}
            trail.append(given, [entry], about, clock.text(clock.now()), signer, settings.checkpoint_every)
    return Moved(n_rows, n_rows["trail"])


@contextmanager
def _opened(url: str, settings: Settings) -> Iterator[Store]:
    """Open a database that is at this software's version, or empty, or older: then it is brought up to date."""
    with _opened_as_it_is(url, settings) as store:
        migration.move(store)
        yield store


@contextmanager
def _opened_as_it_is(url: str, settings: Settings) -> Iterator[Store]:
    store = connect(url, settings.database_wait_seconds)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _drafts(beside: Path | None) -> Iterator[Path]:
    try:
        if beside is not None:
            beside.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=beside))
    except OSError as error:
        raise UnreadableFile(f"{beside}: cannot be written ({error.strerror}); check space and permissions") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
