"""What an auditor does with the trail: reads its entries and verifies it; the trail tells of both."""

import json
from typing import Any

from service import trail
from service.access.callers import Caller
from service.store import trail as rows
from service.trail import Checked
from service.visits import Installation, Visit

Plain = dict[str, Any]


def entries(visit: Visit, page: int, limit: int, suggestion: str | None = None) -> tuple[list[Plain], int]:
    """List entries, newest first, with their hashes and, in `entry`, what they say; of one suggestion where given."""
    found, total = rows.listed(visit.connection, page, limit, suggestion)
    visit.tell("trail.read", suggestion=suggestion, facts={"page": page, "limit": limit})
    names = ("seq", "hash", "previous", "body")
    return [{name: row[name] for name in names} | {"entry": json.loads(row["body"])} for row in found], total


def head(visit: Visit) -> Plain:
    """Give the trail's signed end, and the key that signed it."""
    row = rows.head(visit.connection)
    signer = visit.installation.signer
    told = {name: row[name] for name in ("seq", "hash", "at", "signature")}
    return {"head": told, "public_key": signer.key_of(row) or signer.public_key}


def verify(installation: Installation, caller: Caller, trace: str) -> Checked:
    """Walk through the whole trail, and through all that was shown, and say whether it holds."""
    with installation.store.reading() as connection:
        checked = trail.check(connection, installation.signer, installation.vault)
    with installation.visit(caller, trace) as visit:
        visit.tell("trail.verified", facts={"n_entries": checked.n_entries, "n_faults": len(checked.faults)})
    return checked
