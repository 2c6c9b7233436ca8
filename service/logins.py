"""Logins of people: each sees and ends the own ones; an administrator ends anybody's, and closes accounts."""

from typing import Any

from service.access import sessions
from service.access.callers import hashed
from service.errors import NotFound
from service.store import accounts
from service.store.rows import Row
from service.visits import Visit

Plain = dict[str, Any]


def own(visit: Visit, secret: str) -> list[Plain]:
    """List the caller's own logins, the last used first; `here` is the one that `secret` opens."""
    found = accounts.sessions_of(visit.connection, visit.caller.account, _alive_since(visit))
    return [
        {"begun_at": row["created_at"], "used_at": row["seen_at"], "here": row["id_sha256"] == hashed(secret)}
        for row in found
    ]


def listed(visit: Visit, page: int, limit: int) -> tuple[list[Plain], int]:
    """List all accounts, those of people who are logged in first."""
    rows, total = accounts.listed(visit.connection, page, limit, _alive_since(visit))
    return [_plain(row) for row in rows], total


def end(visit: Visit, account_id: str) -> Plain:
    """End all logins of an account.

    Raises
    ------
    NotFound
        There is no such account.
    """
    account = _account(visit, account_id)
    n_ended = accounts.end_sessions(visit.connection, account_id=account_id)
    visit.tell("logins.ended", facts={"account": account_id, "n_ended": n_ended})
    return _plain(account)


def end_all(visit: Visit) -> Plain:
    """End everybody's logins, the caller's too."""
    n_ended = accounts.end_sessions(visit.connection)
    visit.tell("logins.ended", facts={"n_ended": n_ended})
    return {"n_ended": n_ended}


def close(visit: Visit, account_id: str) -> Plain:
    """Close an account: its logins, keys and tokens open nothing any more. Doing so twice changes nothing.

    Raises
    ------
    NotFound
        There is no such account.
    """
    if _account(visit, account_id)["closed_at"] is None:
        accounts.end_sessions(visit.connection, account_id=account_id)
        accounts.change_account(visit.connection, account_id, closed_at=visit.at)
        visit.tell("account.closed", facts={"account": account_id})
    return _plain(_account(visit, account_id))


def reopen(visit: Visit, account_id: str) -> Plain:
    """Open a closed account again, with the keys that were not revoked; as `close`."""
    if _account(visit, account_id)["closed_at"] is not None:
        accounts.change_account(visit.connection, account_id, closed_at=None)
        visit.tell("account.reopened", facts={"account": account_id})
    return _plain(_account(visit, account_id))


def _account(visit: Visit, account_id: str) -> Row:
    row = accounts.account(visit.connection, account_id)
    if row is None:
        raise NotFound("there is no such account")
    return row


def _alive_since(visit: Visit) -> accounts.AliveSince:
    return sessions.alive_since(visit.installation.settings, visit.moment)


def _plain(row: Row) -> Plain:
    return {
        "account_id": row["id"],
        "kind": row["kind"],
        "role": row["role"],
        "unit": row["unit_id"],
        "known_as": row["label"] or row["subject"] or "",
        "created_at": row["created_at"],
        "closed_at": row["closed_at"],
        "n_logins": row.get("n_sessions", 0),
        "used_at": row.get("seen_at"),
    }
