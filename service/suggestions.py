"""Suggestions: made for a case, frozen as shown, read again, asked *what if* and *why not*."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pathway import wording
from service import cases, difference
from service.access.callers import Caller
from service.errors import Faulty, Forbidden, NotFound, Stopped
from service.planning import Against
from service.store import cases as stored_cases
from service.store import suggestions as stored
from service.store.rows import Row
from service.trail.verify import canonical
from service.visits import Installation, Visit

Plain = dict[str, Any]
CHANGEABLE = ("limits", "wishes", "goal")


@dataclass(frozen=True)
class Asked:
    """What a suggestion is to be made from.

    Attributes
    ----------
    case
        The case in plain data, with what was asked for put into it.
    case_id
        The stored case's id; ``None`` for one that came with the request.
    """

    case: Plain
    number: str
    case_id: str | None = None
    case_version: int = 1


@dataclass(frozen=True)
class Shown:
    """A suggestion as it was shown: the same JSON each time, with its hash."""

    id: str
    text: str
    sha256: str
    case_id: str


def ask(visit: Visit, request: Mapping[str, Any]) -> Asked:
    """Read what a suggestion is asked for: a posted case or a stored one, with limits, wishes and goal of the request.

    Raises
    ------
    NotFound
        There is no such case for this unit to see.
    Forbidden
        The case is another unit's.
    Stopped
        Suggestions are turned off.
    """
    _check_running(visit, visit.caller.unit)
    if "case_number" in request:
        found = cases.find(visit, str(request["case_number"]))
        if not found.own:
            raise Forbidden("only the unit that the case belongs to may ask for suggestions")
        asked = Asked(found.plain, found.number, found.id, found.version)
    else:
        case = cases.checked(visit, request["case"])
        cases.check_number(visit, case.case_id)
        asked = Asked(cases.known(request["case"]), case.case_id)
    changed = changed_case(asked.case, request)
    cases.checked(visit, changed)
    return Asked(changed, asked.number, asked.case_id, asked.case_version)


def make(installation: Installation, asked: Asked) -> Plain:
    """Work out the suggestion; takes its time, so no transaction is open meanwhile."""
    return installation.planning.suggest(asked.case, installation.now())


def keep(visit: Visit, asked: Asked, made: Plain) -> Shown:
    """Freeze a suggestion; from here on it can be shown.

    Raises
    ------
    Stopped
        Suggestions were turned off while it was worked out.
    NotFound
        The case was erased while it was worked out.
    """
    _check_running(visit, visit.caller.unit)
    if asked.case_id is not None and stored_cases.by_id(visit.connection, asked.case_id) is None:
        raise NotFound("there is no such case in your unit")
    case_id = asked.case_id or cases.anchor(visit, asked.number)
    row = stored_cases.by_id(visit.connection, case_id) or {}
    output = made | _replacing(visit, case_id, made)
    sha256 = visit.keep(output, case_id)
    shown = Shown(made["suggestion_id"], visit.kept_text(sha256), sha256, case_id)
    input_sha256 = visit.keep(asked.case, case_id)
    stored.add(
        visit.connection,
        id=made["suggestion_id"],
        case_id=case_id,
        case_version=asked.case_version if asked.case_id else row["version"],
        unit_id=row["unit_id"],
        pseudonym=row["pseudonym"],
        status=made["status"],
        model_version=made["model_version"],
        catalogue_version=made["catalogue_version"],
        input_sha256=input_sha256,
        output_sha256=shown.sha256,
        created_at=visit.at,
        created_by=visit.caller.account,
    )
    visit.tell(
        "suggestion.made",
        case=row["pseudonym"],
        suggestion=made["suggestion_id"],
        contents={"input": input_sha256, "output": shown.sha256},
        versions=visit.planning.versions(),
        facts={"status": made["status"], "stored_case": asked.case_id is not None},
    )
    return shown


def _replacing(visit: Visit, case_id: str, made: Plain) -> Plain:
    """Name the open suggestion that this one comes after, and what is different."""
    earlier = stored.open_of(visit.connection, case_id)
    if not earlier:
        return {}
    before = visit.kept(earlier[0]["output_sha256"])
    changed = difference.between(difference.first_plan(before), difference.first_plan(made))
    return {"replaces": {"suggestion_id": earlier[0]["id"], "difference": changed}}


def read(visit: Visit, suggestion_id: str) -> Shown:
    """Give a suggestion as it was shown; an auditor sees the pseudonym where the case number stood.

    Raises
    ------
    NotFound
        There is none, or none for the caller to see.
    """
    row = find(visit, suggestion_id)
    text, sha256 = visit.kept_text(row["output_sha256"]), str(row["output_sha256"])
    visit.tell("suggestion.read", case=row["pseudonym"], suggestion=suggestion_id)
    if _is_blind(visit.caller):
        text, sha256 = canonical(json.loads(text) | {"case_id": row["pseudonym"]}), f"{sha256}-p"
    return Shown(suggestion_id, text, sha256, str(row["case_id"]))


def state(visit: Visit, suggestion_id: str) -> Plain:
    """Tell what has become of a suggestion: whether it was overtaken, by which it was replaced, how it was answered."""
    row = find(visit, suggestion_id)
    latest = stored.latest_of(visit.connection, row["case_id"])
    visit.tell("suggestion.state_read", case=row["pseudonym"], suggestion=suggestion_id)
    newer = latest["id"] if latest and latest["id"] != suggestion_id else None
    return _summary(row) | {"newer": newer}


def listed(
    visit: Visit, page: int, limit: int, case_number: str | None = None, pseudonym: str | None = None
) -> tuple[list[Plain], int]:
    """List suggestions of the caller's unit, newest first; an auditor's list is of all units."""
    blind = _is_blind(visit.caller)
    case_id = None
    if case_number is not None:
        if blind:
            raise Forbidden("an auditor finds suggestions by pseudonym, not by case number")
        case_id = cases.find(visit, case_number).id
    unit = None if blind or case_id else visit.caller.unit
    rows, total = stored.listed(visit.connection, page, limit, unit, case_id, pseudonym)
    visit.tell("suggestions.listed", facts={"page": page, "limit": limit, "n_shown": len(rows)})
    return [_summary(row) for row in rows], total


def find(visit: Visit, suggestion_id: str, to_change: bool = False) -> Row:
    """Find a suggestion that the caller may see; whoever calls this tells the trail what came of it.

    Parameters
    ----------
    to_change
        Whether it is to be answered: then it must be the caller's unit's.
    """
    row = stored.by_id(visit.connection, suggestion_id)
    if row is None or not _is_seen(visit, row):
        raise NotFound("there is no such suggestion in your unit")
    if to_change and row["unit_id"] != visit.caller.unit:
        raise Forbidden("only the unit that the case belongs to may do this")
    return row


def _is_seen(visit: Visit, row: Row) -> bool:
    if _is_blind(visit.caller) or row["unit_id"] == visit.caller.unit:
        return True
    unit = visit.caller.unit
    return unit is not None and stored_cases.is_shared(visit.connection, row["case_id"], unit, visit.today)


def _is_blind(caller: Caller) -> bool:
    """Tell whether the caller sees pseudonyms only."""
    return caller.role == "auditor"


def _summary(row: Row) -> Plain:
    return {
        "suggestion_id": row["id"],
        "pseudonym": row["pseudonym"],
        "status": row["status"],
        "created_at": row["created_at"],
        "model_version": row["model_version"],
        "catalogue_version": row["catalogue_version"],
        "overtaken": row["newest_version"] > row["case_version"],
        "answer": row["answer"],
    }


def _check_running(visit: Visit, unit: str | None) -> None:
    """Raise `Stopped` where suggestions are turned off for the unit of a case, or for the model in use."""
    stop = stored.stop_on(visit.connection, unit or "", visit.planning.version)
    if stop is not None:
        raise Stopped(f"suggestions are turned off for this {stop['scope']} since {stop['set_at'][:10]}")


def changed_case(case: Mapping[str, Any], changes: Mapping[str, Any]) -> Plain:
    """Put limits, wishes, goal, profile and day of a request into a case; `forbid` and `require` add to the wishes."""
    changed = dict(case)
    for part in (*CHANGEABLE, "profile"):
        if changes.get(part):
            changed[part] = dict(case.get(part) or {}) | dict(changes[part])
    if changes.get("as_of"):
        changed["as_of"] = changes["as_of"]
    wishes = dict(changed.get("wishes") or {})
    for wish, more, against in (
        ("avoid", changes.get("forbid") or (), ("prefer", "require")),
        ("require", changes.get("require") or (), ("avoid",)),
    ):
        if more:
            wishes[wish] = list(dict.fromkeys([*(wishes.get(wish) or ()), *more]))
            for other in against:
                wishes[other] = [one for one in wishes.get(other) or () if one not in more]
            changed["wishes"] = wishes
    return changed


def suppose(visit: Visit, suggestion_id: str, changes: Mapping[str, Any]) -> tuple[Row, Plain, Plain]:
    """Prepare *what if*: the suggestion's row, what was shown, and its case with the changes."""
    row = find(visit, suggestion_id, to_change=True)
    _check_running(visit, row["unit_id"])
    both = set(changes.get("forbid") or ()) & set(changes.get("require") or ())
    if both:
        raise Faulty("forbid, require: name the same insats; choose one")
    case = changed_case(visit.kept(row["input_sha256"]), changes)
    cases.checked(visit, case)
    return row, visit.kept(row["output_sha256"]), case


def what_if(row: Row, shown: Plain, made: Plain) -> Plain:
    """Word what comes of changes: the plan and what is different from the one that was shown.

    Where it was shown by another model or catalogue, the notes say so: not all that differs comes of the changes then.
    """
    plan = difference.first_plan(made)
    same = all(shown[name] == made[name] for name in ("model_version", "catalogue_version"))
    return {
        "based_on": row["id"],
        "status": made["status"],
        "model_version": made["model_version"],
        "notes": made["notes"] if same else [*made["notes"], wording.note("other_versions")],
        "plan": plan,
        "not_chosen": made["not_chosen"],
        "difference": difference.between(difference.first_plan(shown), plan),
    }


def reason_against(visit: Visit, suggestion_id: str, insats_id: str) -> tuple[Row, Plain, Plain, Plain]:
    """Prepare *why not*: the suggestion's row, what was shown, its case, and the reason that it gave.

    Raises
    ------
    NotFound
        Neither a plan nor the reasons of the suggestion name the insats.
    Stopped
        Suggestions are turned off; the reason can still be read in the suggestion.
    """
    row = find(visit, suggestion_id)
    _check_running(visit, row["unit_id"])
    shown: Plain = visit.kept(row["output_sha256"])
    plan = difference.first_plan(shown)
    in_plan = plan is not None and any(one["insats_id"] == insats_id for one in plan["activities"])
    given = next((one for one in shown["not_chosen"] if one["insats_id"] == insats_id), None)
    if given is None and not in_plan:
        raise NotFound("the suggestion's catalogue has no such insats")
    reason = dict(given or {"insats_id": insats_id, "code": None, "text": None, "loss": None})
    return row, shown, visit.kept(row["input_sha256"]), reason | {"in_plan": in_plan}


def why_not(row: Row, shown: Plain, reason: Plain, against: Against | None) -> Plain:
    """Word why an insats is not in the plan, and the plan that comes of putting it in.

    Parameters
    ----------
    against
        What was found when it was asked; ``None`` where it is in the plan, or nobody can be asked any more.
    """
    before = difference.first_plan(shown)
    plan = before if reason["in_plan"] else against.plan if against else None
    return {
        "based_on": row["id"],
        **reason,
        "answer": {"text": against.text, "loss": against.loss} if against else None,
        "plan": plan,
        "difference": difference.between(before, plan) if plan is not None else None,
    }


def tell_shown(visit: Visit, action: str, row: Row, plain: Plain, asked: Mapping[str, Any]) -> None:
    """Keep what was asked and shown beside a suggestion, and tell the trail.

    Raises
    ------
    NotFound
        The suggestion was erased meanwhile, or is no longer the caller's to see.
    """
    find(visit, str(row["id"]))
    case_id = str(row["case_id"])
    contents = {"input": visit.keep(dict(asked), case_id), "output": visit.keep(plain, case_id)}
    visit.tell(
        action,
        case=row["pseudonym"],
        suggestion=row["id"],
        contents=contents,
        versions=visit.planning.versions(),
    )
