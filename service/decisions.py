"""The caseworker's answer to a suggestion: one, with a reason; nothing is decided without it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from service import suggestions
from service.access.callers import new_id
from service.errors import AlreadyDecided, Faulty, NotFound
from service.store import suggestions as stored
from service.visits import Visit

Plain = dict[str, Any]


@cache
def reasons() -> tuple[Plain, ...]:
    """Give the reason codes that have words: `code`, `answers` that they go with, `sv`, `en`."""
    text = files("service").joinpath("data/reasons.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["reason"])


def decide(visit: Visit, suggestion_id: str, given: Mapping[str, Any]) -> Plain:
    """Take down the answer to a suggestion.

    Parameters
    ----------
    given
        `answer`, `reason_code`, `reason` in own words; `plan_rank` of the plan accepted (1); `activities` chosen
        instead, where the answer is ``changed``; `caseworker`, who decided, where a machine passes it on.

    Raises
    ------
    AlreadyDecided
        The suggestion has an answer.
    Faulty
        The answer does not fit the suggestion.
    """
    row = suggestions.find(visit, suggestion_id, to_change=True)
    if row["answer"] is not None:
        raise AlreadyDecided("the suggestion has been answered; make a new one to answer anew")
    shown = visit.kept(row["output_sha256"])
    if visit.caller.kind == "machine" and not given.get("caseworker"):
        raise Faulty("caseworker: a system that passes on an answer must say which caseworker gave it")
    said: Plain = {
        "answer": given["answer"],
        "reason_code": given["reason_code"],
        "reason": given["reason"],
        "activities": _chosen(visit, shown, given),
        "caseworker": given.get("caseworker"),
    }
    sha256 = visit.keep(said, row["case_id"])
    overtaken = bool(row["newest_version"] > row["case_version"])
    stored.add_decision(
        visit.connection,
        id=new_id("d"),
        suggestion_id=suggestion_id,
        answer=given["answer"],
        reason_code=given["reason_code"],
        content_sha256=sha256,
        overtaken=overtaken,
        decided_at=visit.at,
        decided_by=visit.caller.account,
    )
    visit.tell(
        "decision.made",
        case=row["pseudonym"],
        suggestion=suggestion_id,
        contents={"decision": sha256, "output": row["output_sha256"]},
        facts={"answer": given["answer"], "reason_code": given["reason_code"], "overtaken": overtaken},
    )
    return plain(visit, suggestion_id)


def read(visit: Visit, suggestion_id: str) -> Plain:
    """Give the answer to a suggestion; an auditor sees neither own words nor who gave it.

    Raises
    ------
    NotFound
        There is none yet, or none for the caller to see.
    """
    row = suggestions.find(visit, suggestion_id)
    if row["answer"] is None:
        raise NotFound("nobody has answered the suggestion yet")
    visit.tell("decision.read", case=row["pseudonym"], suggestion=suggestion_id)
    return plain(visit, suggestion_id)


def plain(visit: Visit, suggestion_id: str) -> Plain:
    """Give the answer to a suggestion that the caller may see and that has one."""
    row = stored.decision_on(visit.connection, suggestion_id)
    if row is None:
        raise ValueError("whoever calls this has seen that there is one")
    said = dict(visit.kept(row["content_sha256"]))
    caseworker = said.pop("caseworker")
    if visit.caller.role == "auditor":
        said["reason"] = None  # own words may name somebody
    return {
        "suggestion_id": suggestion_id,
        **said,
        "overtaken": bool(row["overtaken"]),
        "decided_at": row["decided_at"],
        "decided_by": row["decided_by"] if visit.caller.role == "auditor" else caseworker or row["decided_by"],
    }


def _chosen(visit: Visit, shown: Plain, given: Mapping[str, Any]) -> list[Plain]:
    """Give the activities that the answer comes to: those of the plan accepted, those chosen instead, or none."""
    activities = list(given.get("activities") or ())
    if given["answer"] == "changed":
        if not activities:
            raise Faulty("activities: say which activities are chosen instead; to choose none, reject the suggestion")
        return [_activity(visit, number, one) for number, one in enumerate(activities)]
    if activities and given["answer"] == "rejected":
        raise Faulty("activities: a rejected suggestion has none; answer changed to choose others")
    if given["answer"] == "rejected":
        return []
    rank = given.get("plan_rank") or 1
    plan = next((one for one in shown["plans"] if one["rank"] == rank), None)
    if plan is None:
        raise Faulty("plan_rank: the suggestion has no such plan to accept")
    chosen = [_brief(one) for one in plan["activities"]]
    if activities and _sorted(map(_brief, activities)) != _sorted(chosen):
        raise Faulty("activities: are others than the plan's; answer changed to choose others")
    return chosen


def _brief(activity: Mapping[str, Any]) -> Plain:
    names = ("insats_id", "start_on", "end_on", "hours_per_week")
    return {name: activity[name] for name in names}


def _sorted(activities: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(one.values()) for one in activities)


def _activity(visit: Visit, number: int, given: Mapping[str, Any]) -> Plain:
    if given["insats_id"] not in visit.planning.catalogue.by_id:
        raise Faulty(f"activities.{number}.insats_id: is not in catalogue {visit.planning.catalogue.version}")
    if given["start_on"] >= given["end_on"]:
        raise Faulty(f"activities.{number}: must end after it starts")
    return _brief(given)
