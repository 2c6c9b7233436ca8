"""The commands that look after the service's database: `pathway db upgrade`, `copy`, `backup`, `restore`, `expire`."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from service import opening


def add(commands: Any) -> None:
    """Add them to the command line."""
    database = commands.add_parser("db", help="look after the service's database").add_subparsers(required=True)
    upgrade = database.add_parser("upgrade", help="bring the database to this software's version")
    upgrade.set_defaults(run=_upgrade)

    copy = database.add_parser("copy", help="copy the installation to another database, with proof")
    copy.add_argument("--to", required=True, metavar="URL", help="sqlite:///FILE or postgresql+psycopg://…; empty")
    copy.set_defaults(run=_copy)

    backup = database.add_parser("backup", help="write a verified backup while the service runs")
    backup.add_argument("file", type=Path, metavar="FILE", help="new file; it needs the same keys to be restored")
    backup.set_defaults(run=_backup)

    restore = database.add_parser("restore", help="put a backup into an empty database, with proof")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(run=_restore)

    expire = database.add_parser("expire", help="erase cases that nothing was stored about for long")
    expire.add_argument("--before", required=True, type=_day, metavar="DATE", help="last day of use, YYYY-MM-DD")
    expire.add_argument("--yes", action="store_true", help="really erase; without it they are only counted")
    expire.set_defaults(run=_expire)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date, YYYY-MM-DD") from None


def _upgrade(_: argparse.Namespace) -> None:
    from service.store import connect, migration

    settings = opening.settings()
    store = connect(settings.database_url, settings.database_wait_seconds)
    migration.move(store)
    store.close()
    print(f"The database is at version {migration.newest()}.")


def _copy(chosen: argparse.Namespace) -> None:
    from service import moving

    _say("Copied", moving.copy(opening.settings(), chosen.to))
    print("Set PATHWAY_DATABASE_URL to the new database before the service starts again.")


def _backup(chosen: argparse.Namespace) -> None:
    from service import moving

    _say("Backed up", moving.backup(opening.settings(), chosen.file))


def _restore(chosen: argparse.Namespace) -> None:
    from service import moving

    _say("Restored", moving.restore(opening.settings(), chosen.file))


def _say(done: str, moved: Any) -> None:
    for table, n_rows in moved.n_rows.items():
        print(f"{table:14}{n_rows:>9}")
    print(f"{done} {sum(moved.n_rows.values())} rows, the same on both sides; the trail of {moved.n_entries} holds.")


def _expire(chosen: argparse.Namespace) -> None:
    from service import moving

    with opening.opened() as installation:
        n_cases = moving.erase_idle(installation, chosen.before, chosen.yes)
    print(f"{n_cases} cases " + ("were erased." if chosen.yes else "would be erased; add --yes to do so."))
