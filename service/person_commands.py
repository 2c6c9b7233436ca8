"""The commands for the rights of the person: `pathway person export`, `correct` and `erase`."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service import opening

if TYPE_CHECKING:
    from service.access.callers import Caller
    from service.visits import Installation


def add(commands: Any) -> None:
    """Add them to the command line."""
    person = commands.add_parser("person", help="give out, correct or erase what is stored about one client")
    rights = person.add_subparsers(required=True)
    export = rights.add_parser("export", help="write all that is stored about a client")
    _add_case(export)
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help=".json, or .html to be read")
    export.set_defaults(run=_export)

    correct = rights.add_parser("correct", help="put a corrected case in the place of one")
    _add_case(correct)
    correct.add_argument("file", type=Path, metavar="FILE", help="the whole case, corrected (.json)")
    correct.add_argument("--version", type=int, metavar="N", help="refuse if the case is not at this version any more")
    correct.set_defaults(run=_correct)

    erase = rights.add_parser("erase", help="erase all that is stored about a client; the trail still verifies")
    _add_case(erase)
    erase.add_argument("--yes", action="store_true", help="really erase; without it nothing happens")
    erase.set_defaults(run=_erase)


def _add_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="CASE_NUMBER")
    parser.add_argument("--unit", required=True, metavar="UNIT", help="the unit that the case belongs to")


def _export(chosen: argparse.Namespace) -> None:
    from pathway import casefile
    from service import personpage, rights

    with opening.opened() as installation:
        caller = _operator(installation, chosen.unit)
        with (
            casefile.whole(chosen.out) as file,  # without the file there is no entry that says it was given out
            installation.visit(caller, installation.new_trace()) as visit,
        ):
            told = rights.export(visit, chosen.number)
            in_words = chosen.out.suffix.lower() in (".html", ".htm")
            text = personpage.write(told, visit.planning) if in_words else _json(told)
            file.write(text)
            file.flush()
        chosen.out.chmod(0o600)
    print(f"{chosen.out}: {len(told['suggestions'])} suggestions; guard the file")


def _json(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _correct(chosen: argparse.Namespace) -> None:
    from pathway.reading import json_of
    from service import cases

    raw = json_of(chosen.file)
    with opening.opened() as installation:
        caller = _operator(installation, chosen.unit)
        with installation.visit(caller, installation.new_trace()) as visit:
            version = "*" if chosen.version is None else cases.etag(chosen.version)
            corrected = cases.correct(visit, chosen.number, raw, version)
    print(f"Corrected; the case is at version {corrected.version}. Open suggestions are overtaken.")


def _erase(chosen: argparse.Namespace) -> None:
    from service import rights
    from service.errors import FaultySetting

    if not chosen.yes:
        raise FaultySetting("nothing was erased; add --yes to erase all that is stored about the client")
    with opening.opened() as installation:
        caller = _operator(installation, chosen.unit)
        with installation.visit(caller, installation.new_trace()) as visit:
            told = rights.erase(visit, chosen.number)
    print(f"Erased. The trail keeps that it happened, to {told['pseudonym']}; backups still hold the client.")


def _operator(installation: "Installation", unit: str) -> "Caller":
    """Let whoever runs commands on the machine act in a unit; the trail names the operator and the unit."""
    from dataclasses import replace

    from service.access.callers import OPERATOR
    from service.errors import NotFound
    from service.store import accounts

    with installation.store.writing() as connection:
        if not accounts.has_unit(connection, unit):
            raise NotFound("--unit: is no unit of this installation")
        if accounts.account(connection, OPERATOR.account) is None:  # rows that it writes name it
            accounts.add_account(
                connection, id=OPERATOR.account, kind=OPERATOR.kind, role=OPERATOR.role, unit_id=None,
                label="commands on the machine", created_at=installation.at(),
            )  # fmt: skip
    return replace(OPERATOR, unit=unit)
