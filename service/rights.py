"""The rights of the person: all that is stored about one client, given out or erased; the trail stays whole."""

import json
from collections.abc import Sequence
from typing import Any

from service import cases, consents, decisions, trail
from service.store import cases as stored_cases
from service.store import repeats
from service.store import suggestions as stored
from service.store import trail as entries
from service.store.engine import note_erased
from service.store.rows import Row
from service.visits import Visit

Plain = dict[str, Any]


def export(visit: Visit, number: str) -> Plain:
    """Give all that is stored about one client: the case, all that was shown and decided, consents.

    Raises
    ------
    NotFound
        There is no such case in the caller's unit.
    """
    found = cases.own(visit, number, posted_too=True)
    row = stored_cases.by_id(visit.connection, found.id) or {}
    made = stored.all_of(visit.connection, found.id)
    used = {row["output_sha256"] for row in made} | {row["input_sha256"] for row in made}
    told = {
        "exported_at": visit.at,
        "case_number": number,
        "pseudonym": found.pseudonym,
        "register_pseudonym": cases.register_pseudonym(visit, found.id) or None,
        "unit": row["unit_id"],
        "case": found.plain or None,
        "suggestions": [
            {
                "asked_for": visit.kept(one["input_sha256"]),
                "shown": visit.kept(one["output_sha256"]),
                "decision": decisions.plain(visit, one["id"]) if one["answer"] else None,
            }
            for one in made
        ],
        "also_shown_or_said": [
            {"at": one["created_at"], "content": json.loads(trail.opened(one, visit.vault))}
            for one in _in_order(visit, found.id, made)
            if one["sha256"] not in used
        ],
        "consents": [consents.plain(visit, one) for one in stored_cases.consents(visit.connection, found.id)],
    }
    visit.tell("case.exported", case=found.pseudonym, facts={"n_suggestions": len(made)})
    return told


def _in_order(visit: Visit, case_id: str, made: Sequence[Row]) -> list[Row]:
    """Give all content about a client as it was told of: what was asked and the answer share a moment, not an order."""
    about = [row for one in made for row in entries.about(visit.connection, one["id"])]
    bodies = [json.loads(row["body"]) for row in sorted(about, key=lambda row: row["seq"])]
    told = [sha256 for body in bodies for _, sha256 in sorted(body.get("contents", {}).items())]
    place = {sha256: number for number, sha256 in enumerate(dict.fromkeys(told))}
    return sorted(stored.contents_of(visit.connection, case_id), key=lambda one: place.get(one["sha256"], len(place)))


def erase(visit: Visit, number: str) -> Plain:
    """Erase all that is stored about one client; the trail keeps that it happened, and hashes that say nothing.

    Raises
    ------
    NotFound
        There is no such case in the caller's unit.
    """
    found = cases.own(visit, number, posted_too=True)
    erased = _erase(visit, found.id, found.pseudonym, "case.erased")
    return {"pseudonym": found.pseudonym, "n_erased": erased, "erased_at": visit.at}


def expire(visit: Visit, before: str) -> int:
    """Erase all cases that nothing was stored about since a moment; how many they were."""
    idle = stored.cases_idle_since(visit.connection, before)
    for row in idle:
        _erase(visit, str(row["id"]), str(row["pseudonym"]), "case.expired")
    return len(idle)


def _erase(visit: Visit, case_id: str, pseudonym: str, action: str) -> int:
    erased = [str(row["sha256"]) for row in stored.contents_of(visit.connection, case_id)]
    repeats.forget(visit.connection, case_id)
    stored.remove_all_of(visit.connection, case_id)
    stored_cases.remove(visit.connection, case_id)
    visit.tell(action, case=pseudonym, erased=sorted(erased))
    note_erased(visit.connection)
    return len(erased)
