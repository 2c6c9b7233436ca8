"""The commands for accounts: `pathway account list`, `end-logins`, `close` and `reopen`."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service import opening

if TYPE_CHECKING:
    from service.visits import Visit

_A_PAGE = 100


def add(commands: Any) -> None:
    """Add them to the command line."""
    account = commands.add_parser("account", help="list accounts, end logins, close accounts")
    actions = account.add_subparsers(required=True)
    listed = actions.add_parser("list", help="list all accounts, those of people who are logged in first")
    listed.set_defaults(run=_list)
    end = actions.add_parser("end-logins", help="end all logins of an account, or everybody's")
    whose = end.add_mutually_exclusive_group(required=True)
    whose.add_argument("account", nargs="?", metavar="ACCOUNT_ID")
    whose.add_argument("--everybody", action="store_true", help="all logins in the installation")
    end.set_defaults(run=_end_logins)
    close = actions.add_parser("close", help="close an account: its logins and keys open nothing any more")
    close.add_argument("account", metavar="ACCOUNT_ID")
    close.set_defaults(run=_close)
    reopen = actions.add_parser("reopen", help="open a closed account again")
    reopen.add_argument("account", metavar="ACCOUNT_ID")
    reopen.set_defaults(run=_reopen)


def _list(_: argparse.Namespace) -> None:
    from service import logins

    def look(visit: "Visit") -> None:
        number, total = 0, 1
        while number * _A_PAGE < total:
            number += 1
            found, total = logins.listed(visit, number, _A_PAGE)
            for one in found:
                told = f"closed {one['closed_at'][:10]}" if one["closed_at"] else f"{one['n_logins']} logins"
                print(f"{one['account_id']:24}{one['role']:16}{one['unit'] or '–':24}{told:20}{one['known_as']}")

    _do(look)


def _end_logins(chosen: argparse.Namespace) -> None:
    from service import logins

    _do(logins.end_all if chosen.everybody else lambda visit: logins.end(visit, chosen.account))
    print("Ended; whoever it was logs in again.")


def _close(chosen: argparse.Namespace) -> None:
    from service import logins

    _do(lambda visit: logins.close(visit, chosen.account))
    print("Closed; its logins and keys open nothing any more.")


def _reopen(chosen: argparse.Namespace) -> None:
    from service import logins

    _do(lambda visit: logins.reopen(visit, chosen.account))
    print("Open again.")


def _do(work: "Callable[[Visit], object]") -> None:
    from service.access.callers import OPERATOR

    with opening.opened() as installation, installation.visit(OPERATOR, installation.new_trace()) as visit:
        work(visit)
