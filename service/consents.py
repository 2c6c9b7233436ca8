"""Consents: what lets another unit see one case, for a purpose and until a day; they can be revoked."""

from collections.abc import Mapping
from typing import Any

from service import cases
from service.access.callers import new_id
from service.errors import Faulty, NotFound
from service.store import accounts
from service.store import cases as stored
from service.store.rows import Row
from service.visits import Visit

Plain = dict[str, Any]


def give(visit: Visit, number: str, given: Mapping[str, Any]) -> Plain:
    """Record that the client lets another unit see the case.

    Parameters
    ----------
    given
        `recipient`, a unit; `purpose`, in words; `ends_on`, the last day.

    Raises
    ------
    Faulty
        The recipient is unknown or the unit itself, or the day has passed.
    """
    found = cases.own(visit, number)
    recipient, ends_on = str(given["recipient"]), str(given["ends_on"])
    if recipient == visit.caller.unit:
        raise Faulty("recipient: the case belongs to this unit already")
    if not accounts.has_unit(visit.connection, recipient):
        raise Faulty("recipient: is no unit of this installation")
    if ends_on < visit.today:
        raise Faulty("ends_on: has passed")
    consent_id = new_id("s")
    stored.add_consent(
        visit.connection,
        id=consent_id,
        case_id=found.id,
        recipient_unit=recipient,
        ends_on=ends_on,
        sealed=visit.vault.seal({"purpose": given["purpose"]}, f"consent {consent_id}"),
        given_at=visit.at,
        given_by=visit.caller.account,
    )
    facts = {"consent": consent_id, "recipient": recipient, "ends_on": ends_on}
    visit.tell("consent.given", case=found.pseudonym, facts=facts)
    return plain(visit, _one(visit, found.id, consent_id))


def listed(visit: Visit, number: str) -> list[Plain]:
    """List all consents of a case, ended and revoked ones too."""
    found = cases.own(visit, number)
    visit.tell("consents.read", case=found.pseudonym)
    return [plain(visit, row) for row in stored.consents(visit.connection, found.id)]


def revoke(visit: Visit, number: str, consent_id: str) -> Plain:
    """Record that the client takes a consent back; it ends at once. Doing so twice changes nothing."""
    found = cases.own(visit, number)
    if _one(visit, found.id, consent_id)["revoked_at"] is None:
        stored.revoke_consent(visit.connection, consent_id, visit.at)
        visit.tell("consent.revoked", case=found.pseudonym, facts={"consent": consent_id})
    return plain(visit, _one(visit, found.id, consent_id))


def _one(visit: Visit, case_id: str, consent_id: str) -> Row:
    row = next((row for row in stored.consents(visit.connection, case_id) if row["id"] == consent_id), None)
    if row is None:
        raise NotFound("the case has no such consent")
    return row


def plain(visit: Visit, row: Row) -> Plain:
    """Give a consent as it is shown."""
    return {
        "consent_id": row["id"],
        "recipient": row["recipient_unit"],
        "purpose": visit.vault.open(row["sealed"], f"consent {row['id']}")["purpose"],
        "ends_on": row["ends_on"],
        "given_at": row["given_at"],
        "revoked_at": row["revoked_at"],
    }
