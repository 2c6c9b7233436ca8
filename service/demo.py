"""The demo: mock cases in a database of its own, and a person of every role with a token that is printed."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pathway import shipped
from pathway.errors import UnreadableFile
from pathway.reading import json_of
from service import cases
from service.access.callers import Caller, make_key, open_account
from service.access.roles import IN_A_UNIT, ROLES, Role
from service.app import open_installation
from service.errors import WrongDatabase
from service.settings import from_environment
from service.store import accounts
from service.visits import Installation, Visit

UNIT, OTHER_UNIT = "Demoenheten", "Grannenheten"
_MARK, _ISSUER = "demo", "demo"


def open_demo(environment: Mapping[str, str], folder: Path, address: str) -> Installation:
    """Open the demo's installation; made the first time.

    Parameters
    ----------
    environment
        A database that it names is used, if it is a demo's or empty; otherwise a file in `folder`.

    Raises
    ------
    WrongDatabase
        The database holds something else than a demo.
    UnreadableFile
        The folder cannot be written.
    """
    given: dict[str, Any] = {
        "demo": True,
        "seal_key": _secret(folder, "seal-key"),
        "trail_key": _secret(folder, "trail-key"),
        "versions": folder / "versions",
        "public_url": environment.get("PATHWAY_PUBLIC_URL") or address,
    }
    if not environment.get("PATHWAY_DATABASE_URL"):
        given["database_url"] = f"sqlite:///{folder / 'service.sqlite'}"
    installation = open_installation(from_environment(environment, **given))
    with installation.store.writing() as connection:
        if accounts.marked(connection, _MARK) is None:
            if not accounts.is_empty(connection):
                raise WrongDatabase("the database holds more than a demo; give the demo a database of its own")
            accounts.mark(connection, _MARK, "mock cases only")
    people = _people(installation)
    with installation.visit(people["handläggare"], installation.new_trace()) as visit:
        _put_in_cases(visit)
    return installation


def refuse_demo(installation: Installation) -> None:
    """Raise `WrongDatabase` where the database is a demo's: its tokens are printed; nothing real may come in."""
    with installation.store.reading() as connection:
        if accounts.marked(connection, _MARK) is not None:
            raise WrongDatabase("the database is a demo's; use --demo, or another PATHWAY_DATABASE_URL")


def greeting(installation: Installation, address: str) -> list[str]:
    """Say where the demo is, with a fresh token for every role; older tokens end."""
    told = [f"DEMO with MOCK DATA, people who do not exist: {address}", f"API: {address}/api/v1", ""]
    people = _people(installation)
    with installation.store.writing() as connection:
        for role in ROLES:
            accounts.revoke_keys(connection, people[role].account, installation.at())
            _, bearer = make_key(connection, people[role].account, installation.now())
            told.append(f"{role:15}{bearer}")
    return [*told, "", "The tokens end when the demo starts again. Stop with Ctrl+C."]


def _people(installation: Installation) -> dict[Role, Caller]:
    """Give the demo's person of each role; made the first time."""
    people: dict[Role, Caller] = {}
    with installation.store.writing() as connection:
        accounts.ensure_unit(connection, OTHER_UNIT, installation.at())
        for role in ROLES:
            unit = UNIT if role in IN_A_UNIT else None
            row = accounts.account_of(connection, _ISSUER, role)
            account = (
                str(row["id"])
                if row
                else open_account(connection, "person", role, unit, f"demo {role}", installation.now(), _ISSUER, role)
            )
            people[role] = Caller(account, "person", role, unit)
    return people


def _put_in_cases(visit: Visit) -> None:
    """Store the shipped mock cases, unless they are there; one that was erased does not come back."""
    if accounts.marked(visit.connection, "demo cases") is not None or visit.installation.planning.lacking:
        return
    for raw in json_of(shipped.cases()):
        cases.create(visit, raw)
    accounts.mark(visit.connection, "demo cases", visit.at)


def _secret(folder: Path, name: str) -> str:
    """Give one of the demo's own keys; made the first time."""
    path = folder / name
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UnreadableFile(f"{folder}: cannot be used ({error.strerror}); check space and permissions") from None
