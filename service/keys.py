"""Keys of systems: made, listed and ended by an administrator; what opens is shown once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from service.access.callers import make_key, open_account
from service.access.roles import IN_A_UNIT
from service.errors import Faulty, NotFound
from service.store import accounts
from service.store.rows import Row
from service.visits import Visit

Plain = dict[str, Any]


def create(visit: Visit, given: Mapping[str, Any], life: timedelta | None = None) -> Plain:
    """Open an account for a system and make its first key.

    Parameters
    ----------
    given
        `label`, `role`, and `unit` for roles of a unit.

    Raises
    ------
    Faulty
        A role of a unit without one, or one of the whole installation with one.
    """
    unit = given.get("unit")
    if (given["role"] in IN_A_UNIT) != (unit is not None):
        raise Faulty(f"unit: must be given for {', '.join(IN_A_UNIT)}, and for no other role")
    account_id = open_account(visit.connection, "machine", given["role"], unit, given["label"], visit.moment)
    key_id, bearer = make_key(visit.connection, account_id, visit.moment, life=life)
    facts = {"key": key_id, "account": account_id, "role": given["role"]} | ({"unit": unit} if unit else {})
    visit.tell("key.created", facts=facts)
    return _plain(_one(visit, key_id)) | {"bearer": bearer}


def listed(visit: Visit, page: int, limit: int) -> tuple[list[Plain], int]:
    """List keys, newest first."""
    rows, total = accounts.keys(visit.connection, page, limit)
    return [_plain(row) for row in rows], total


def revoke(visit: Visit, key_id: str) -> Plain:
    """End a key and the tokens that were made from it; doing so twice changes nothing."""
    row = _one(visit, key_id)
    if row["revoked_at"] is None:
        accounts.revoke_key(visit.connection, key_id, visit.at)
        visit.tell("key.revoked", facts={"key": key_id})
    return _plain(_one(visit, key_id))


def _one(visit: Visit, key_id: str) -> Row:
    row = accounts.key(visit.connection, key_id)
    if row is None or row["made_from"] is not None:
        raise NotFound("there is no such key")
    return row


def _plain(row: Row) -> Plain:
    return {
        "key_id": row["id"],
        "label": row["label"],
        "role": row["role"],
        "unit": row["unit_id"],
        "created_at": row["created_at"],
        "expires_at": row["expires_at"],
        "revoked_at": row["revoked_at"],
    }
